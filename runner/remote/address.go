package remote

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// loopback is where a listener is reached from its own machine alone.
const loopback = "127.0.0.1"

// bindTo returns the address that a listener's option means: an address as it
// is, an interface's first.
func bindTo(listen string) (netip.Addr, error) {
	if listen == "" {
		listen = loopback
	}
	if a, err := netip.ParseAddr(listen); err == nil {
		return a, nil
	}
	in, err := net.InterfaceByName(listen)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is neither an address nor a network interface of this machine: %s", listen, interfaces())
	}
	addrs, err := in.Addrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("addresses of %s: %w", listen, err)
	}
	usable := usableOf(addrs)
	if len(usable) == 0 {
		return netip.Addr{}, fmt.Errorf("network interface %s has no address that others can dial", listen)
	}
	return usable[0], nil
}

// interfaces names the machine's network interfaces, for an error.
func interfaces() string {
	all, err := net.Interfaces()
	if err != nil {
		return err.Error()
	}
	names := make([]string, len(all))
	for i, in := range all {
		names[i] = in.Name
	}
	return "it has " + strings.Join(names, ", ")
}

// usableOf returns the addresses that can be dialled without more words (a
// link-local one needs a zone), those of IPv4 first.
func usableOf(addrs []net.Addr) []netip.Addr {
	var four, six []netip.Addr
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch ip := prefix.Addr().Unmap(); {
		case ip.IsLinkLocalUnicast():
		case ip.Is4():
			four = append(four, ip)
		default:
			six = append(six, ip)
		}
	}
	return append(four, six...)
}

// advertised returns where workers dial a listener at addr: at the hosts that
// were given, each with a port of its own or the listener's; else where it
// listens, which for a wildcard is at every address of the machine that is not
// its loopback.
func advertised(given []string, addr netip.AddrPort) ([]string, error) {
	port := strconv.Itoa(int(addr.Port()))
	var list []string
	for _, host := range given {
		if host == "" || strings.ContainsAny(host, "/, \t\n") {
			return nil, fmt.Errorf("%q is no host that workers could dial", host)
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		list = append(list, host)
	}
	switch {
	case len(list) > 0:
		return list, nil
	case !addr.Addr().IsUnspecified():
		return []string{addr.String()}, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("addresses of this machine: %w", err)
	}
	for _, a := range usableOf(addrs) {
		if !a.IsLoopback() && !(a.Is6() && addr.Addr().Is4()) {
			list = append(list, netip.AddrPortFrom(a, addr.Port()).String())
		}
	}
	if len(list) == 0 {
		return nil, errors.New("this machine has no address that others can dial: name one with Advertise")
	}
	return list, nil
}
