package remote

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// example is a ticket with something in each part.
func example() ticket {
	t := ticket{addresses: []string{"10.1.2.3:45678", "[2001:db8::1]:45678", "login1:45678"}, invitation: 7}
	for i := range t.token {
		t.pin[i], t.token[i] = byte(i), byte(255-i)
	}
	return t
}

var tickets = cmp.AllowUnexported(ticket{})

func TestTicket(t *testing.T) {
	want := example()
	text := want.text()
	if got, err := parseTicket(text); err != nil || cmp.Diff(want, got, tickets) != "" {
		t.Errorf("%s came back as %v, %v", text, got, err)
	}
	if strings.ContainsAny(text, " \t\n'\"$\\&;|<>()*?#!{}~`") {
		t.Errorf("a shell would not take %s as it is", text)
	}
	_, token, _ := strings.Cut(text, "/7/")
	for _, shown := range []string{fmt.Sprint(want), fmt.Sprintf("%+v", want), fmt.Sprintf("%#v", want), (&Invitation{ticket: want}).String()} {
		if strings.Contains(shown, token) || strings.Contains(shown, "255") || !strings.Contains(shown, "invitation 7 to 10.1.2.3:45678") {
			t.Errorf("shown as %s", shown)
		}
	}
}

func TestTicketBroken(t *testing.T) {
	good := example().text()
	_, token, _ := strings.Cut(good, "/7/")
	replace := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	for _, test := range []struct{ text, want string }{
		{"", "no invitation of this version"},
		{"2" + good[1:], "no invitation of this version"},
		{good + "/", "no invitation of this version"},
		{replace("/7/", "/"), "no invitation of this version"},
		{replace("/7/", "/x/"), "number is none"},
		{replace("/7/", "/4294967296/"), "number is none"},
		{replace("10.1.2.3:45678,", ","), "empty address"},
		{good[:len(good)-1], "not whole"},
		{good + "A", "not whole"},
		{replace(token, token[4:]), "not whole"},
		{replace(token, token+token), "not whole"},
		{replace(token, "*"+token[1:]), "not whole"},
		{strings.Repeat("1/", maxTicket), "more than 16384 bytes"},
	} {
		_, err := parseTicket(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60q: error %v, want %q", test.text, err, test.want)
		} else if len(test.text) > 40 && strings.Contains(err.Error(), test.text[len(test.text)-40:]) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

func FuzzTicket(f *testing.F) {
	f.Add(example().text())
	f.Add("1/a,b/" + strings.Repeat("A", 43) + "/0/" + strings.Repeat("_", 42) + "8")
	f.Add("1////")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTicket(text)
		if err != nil {
			return
		}
		again, err := parseTicket(got.text())
		if err != nil || cmp.Diff(got, again, tickets) != "" {
			t.Errorf("%q: %v came back as %v, %v", text, got, again, err)
		}
	})
}

// TestTicketOf has environments that lead to a driver, and that do not.
func TestTicketOf(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := example().text()
	written := filepath.Join(dir, "written")
	if err := writeTicket(written, example()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(written); err != nil || info.Mode() != 0o600 {
		t.Errorf("a ticket's file is %v, %v", info.Mode(), err)
	}
	if err := writeTicket(written, example()); !errors.Is(err, os.ErrExist) {
		t.Errorf("a ticket was written over a file: %v", err)
	}
	for _, test := range []struct {
		name  string
		env   map[string]string
		place uint32
		want  string // of the error; empty: none
	}{
		{"value", map[string]string{TicketEnv: text}, 0, ""},
		{"value and place", map[string]string{TicketEnv: text, PlaceEnv: "12"}, 12, ""},
		{"file", map[string]string{TicketFileEnv: written, PlaceEnv: "0"}, 0, ""},
		{"value before file", map[string]string{TicketEnv: text, TicketFileEnv: "nowhere"}, 0, ""},
		{"none", map[string]string{PlaceEnv: "3"}, 0, "not invited"},
		{"place", map[string]string{TicketEnv: text, PlaceEnv: "-1"}, 0, `CORECAST_REMOTE_PLACE="-1" is not the number of a place`},
		{"broken value", map[string]string{TicketEnv: "x"}, 0, "CORECAST_REMOTE: it is no invitation"},
		{"no file", map[string]string{TicketFileEnv: dir + "/nowhere"}, 0, "no such file"},
		{"empty file", map[string]string{TicketFileEnv: file("empty", "", 0o600)}, 0, "it is no invitation"},
		{"long file", map[string]string{TicketFileEnv: file("long", strings.Repeat("x", 1<<20), 0o600)}, 0, "more than 16384 bytes"},
		{"open file", map[string]string{TicketFileEnv: file("open", text, 0o640)}, 0, "is open to others (mode 0640): it holds a token, chmod 600"},
	} {
		got, place, err := ticketOf(func(name string) (string, bool) { v, ok := test.env[name]; return v, ok })
		switch {
		case test.want != "":
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.want)
			}
		case err != nil || place != test.place || cmp.Diff(example(), got, tickets) != "":
			t.Errorf("%s: %v, place %d, %v", test.name, got, place, err)
		}
	}
}

func TestAdvertised(t *testing.T) {
	own := netip.MustParseAddrPort("10.0.0.5:4000")
	for _, test := range []struct {
		given []string
		addr  netip.AddrPort
		want  []string
		err   string
	}{
		{nil, own, []string{"10.0.0.5:4000"}, ""},
		{nil, netip.MustParseAddrPort("[2001:db8::1]:4000"), []string{"[2001:db8::1]:4000"}, ""},
		{[]string{"login1", "10.9.9.9:99", "2001:db8::2", "[2001:db8::3]"}, own,
			[]string{"login1:4000", "10.9.9.9:99", "[2001:db8::2]:4000", "[2001:db8::3]:4000"}, ""},
		{[]string{""}, own, nil, "no host that workers could dial"},
		{[]string{"a/b"}, own, nil, "no host that workers could dial"},
		{[]string{"a,b"}, own, nil, "no host that workers could dial"},
	} {
		got, err := advertised(test.given, test.addr)
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v at %v: %v, %v", test.given, test.addr, got, err)
		}
	}
}

// TestListen listens at what the option may name, and is reached there.
func TestListen(t *testing.T) {
	for _, listen := range []string{"", "127.0.0.1", "127.0.0.2", "lo"} {
		if _, err := net.InterfaceByName(listen); err != nil && listen == "lo" {
			t.Log("not applicable: no interface called lo")
			continue
		}
		l := NewListener(Options{Listen: listen, Advertise: nil})
		v, err := l.Invite(1)
		if err != nil {
			if listen == "127.0.0.2" { // not an address of every system
				t.Logf("not applicable: %v", err)
				continue
			}
			t.Fatal(err)
		}
		wantEntry(t, v, 0)
		l.Close()
	}
	for listen, want := range map[string]string{
		"nowhere0":  `listen for workers: "nowhere0" is neither an address nor a network interface of this machine: it has lo`,
		"192.0.2.1": "listen for workers: listen tcp 192.0.2.1:0",
	} {
		l := NewListener(Options{Listen: listen})
		for range 2 { // an error stays
			if _, err := l.Invite(1); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", listen, err, want)
			}
		}
		l.Close()
	}
}

// TestEverywhere listens at all addresses, and tells only of those that others
// can dial.
func TestEverywhere(t *testing.T) {
	got, err := advertised(nil, netip.MustParseAddrPort("0.0.0.0:4000"))
	if err != nil && !strings.Contains(err.Error(), "name one with Advertise") {
		t.Error(err)
	}
	for _, a := range got {
		ap, err := netip.ParseAddrPort(a)
		if err != nil || ap.Port() != 4000 || !ap.Addr().Is4() || ap.Addr().IsLoopback() || ap.Addr().IsUnspecified() {
			t.Errorf("told to dial %s, %v", a, err)
		}
	}
	l := NewListener(Options{Listen: "0.0.0.0", Advertise: []string{"127.0.0.1"}})
	defer l.Close()
	v, err := l.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	wantEntry(t, v, 0)
}

// TestSecondAddress has the first address of a ticket lead nowhere.
func TestSecondAddress(t *testing.T) {
	_, v := listen(t, 1, nil)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	v.ticket.addresses = []string{gone.Addr().String(), address(v)}
	wantEntry(t, v, 0)
}
