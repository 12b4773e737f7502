package remote

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tokenSize is the size of a token in bytes: it is drawn, so nobody guesses it.
const tokenSize = 32

// maxTicket bounds a ticket's text.
const maxTicket = 16 << 10

// ticket is what an invited worker is given, and must keep to itself.
type ticket struct {
	// addresses are where its driver listens, as host:port; any will do.
	addresses []string
	// pin is the SHA-256 of the driver's certificate.
	pin [sha256.Size]byte
	// invitation says which token this is.
	invitation uint32
	token      [tokenSize]byte
}

// ticketVersion begins a ticket's text, and changes with its form.
const ticketVersion = "1"

// String says whose ticket this is, without the token.
func (t ticket) String() string {
	return fmt.Sprintf("invitation %d to %s", t.invitation, strings.Join(t.addresses, ", "))
}

// GoString keeps the token out of %#v as well.
func (t ticket) GoString() string { return t.String() }

// text is the ticket in a form for environments and files: parts between
// slashes, of letters that no shell and no YAML takes apart.
func (t ticket) text() string {
	return strings.Join([]string{
		ticketVersion, strings.Join(t.addresses, ","), encode(t.pin[:]),
		strconv.FormatUint(uint64(t.invitation), 10), encode(t.token[:]),
	}, "/")
}

// parseTicket reads a ticket's text. Its errors do not repeat it.
func parseTicket(text string) (ticket, error) {
	var t ticket
	if len(text) > maxTicket {
		return t, fmt.Errorf("an invitation of more than %d bytes", maxTicket)
	}
	parts := strings.Split(text, "/")
	if parts[0] != ticketVersion || len(parts) != 5 {
		return t, errors.New("it is no invitation of this version of corecast")
	}
	t.addresses = strings.Split(parts[1], ",")
	for _, a := range t.addresses {
		if a == "" {
			return t, errors.New("the invitation has an empty address")
		}
	}
	number, err := strconv.ParseUint(parts[3], 10, 32)
	if err != nil {
		return t, errors.New("the invitation's number is none")
	}
	t.invitation = uint32(number)
	if !decode(t.pin[:], parts[2]) || !decode(t.token[:], parts[4]) {
		return t, errors.New("the invitation is not whole")
	}
	return t, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode reads what fills dst just so.
func decode(dst []byte, text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && copy(dst, b) == len(dst) && len(b) == len(dst)
}

// writeTicket makes a file that only its owner can read, and that was not
// there.
func writeTicket(path string, t ticket) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write an invitation: %w", err)
	}
	_, err = f.WriteString(t.text() + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write an invitation: %w", err), os.Remove(path))
	}
	return nil
}
