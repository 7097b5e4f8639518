// Go's vishvananda/netlink, in process: usage: vishvananda PARENT; see processes.py for what it reads.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func inside(pid int) (netns.NsHandle, *netlink.Handle) {
	ns, err := netns.GetFromPid(pid)
	must(err)
	handle, err := netlink.NewHandleAt(ns, syscall.NETLINK_ROUTE)
	must(err)
	return ns, handle
}

func attach(host *netlink.Handle, parent int, pid int) {
	ns, handle := inside(pid)
	defer ns.Close()
	defer handle.Delete()
	link := &netlink.Macvlan{
		LinkAttrs: netlink.LinkAttrs{Name: "eth0", ParentIndex: parent, Namespace: netlink.NsFd(ns), TxQLen: -1},
		Mode:      netlink.MACVLAN_MODE_BRIDGE,
	}
	must(host.LinkAdd(link))
	eth0, err := handle.LinkByName("eth0")
	must(err)
	for _, text := range []string{"10.77.0.2/16", "fd77::2/64"} {
		address, err := netlink.ParseAddr(text)
		must(err)
		if address.IP.To4() == nil {
			address.Flags = syscall.IFA_F_NODAD
		}
		must(handle.AddrAdd(eth0, address))
	}
	must(handle.LinkSetUp(eth0))
	for _, text := range []string{"10.77.0.1", "fd77::1"} {
		must(handle.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: net.ParseIP(text)}))
	}
	must(handle.LinkSetUp(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: 1, Name: "lo"}}))
}

func detach(pid int) {
	ns, handle := inside(pid)
	defer ns.Close()
	defer handle.Delete()
	eth0, err := handle.LinkByName("eth0")
	must(err)
	must(handle.LinkDel(eth0))
}

func main() {
	runtime.LockOSThread()
	host, err := netlink.NewHandle(syscall.NETLINK_ROUTE)
	must(err)
	parent, err := host.LinkByName(os.Args[1])
	must(err)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text := lines.Text()
		pid, err := strconv.Atoi(strings.TrimPrefix(text, "-"))
		must(err)
		start := time.Now()
		if strings.HasPrefix(text, "-") {
			detach(pid)
		} else {
			attach(host, parent.Attrs().Index, pid)
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}
