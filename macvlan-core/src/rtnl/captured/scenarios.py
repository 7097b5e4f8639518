"""The commands that capture.py records.

Before each scenario there are the namespace "blue" and, here, a cable: ens33 (index 2) and cable (3).
"""

LINK_REQUESTS = """
$ ip link add link ens33 name mv0 type macvlan mode private
$ ip link add link ens33 name mv1 type macvlan mode vepa
$ ip link add link ens33 name mv2 type macvlan mode bridge
$ ip link add link ens33 name mv3 type macvlan mode passthru
$ ip link add link ens33 name mv4 type macvlan mode source
$ ip link add link ens33 name eth0 index 70000 address 02:42:ac:10:d5:b4 mtu 1400 netns blue type macvlan mode bridge
$ ip link add link ens33 name eth0 up promisc on type macvlan mode bridge
$ ip link add link ens33 name mv5 group 7 txqueuelen 500 numtxqueues 2 numrxqueues 3 type macvlan mode vepa
$ ip link add link ens33 name mv6 type macvlan mode passthru nopromisc
$ ip link add link ens33 name mv7 type macvlan mode source nodst bcqueuelen 2000 macaddr set 02:00:00:00:00:01 02:00:00:00:00:02
$ ip link add link ens33 name tap0 type macvtap mode bridge
$ ip link add link ens33 name ens33.100 type vlan id 100
$ ip link add link ens33 name ens33.200 type vlan protocol 802.1ad id 200 reorder_hdr off gvrp on loose_binding on mvrp off bridge_binding on ingress-qos-map 1:2 3:4 egress-qos-map 0:3 5:6
$ ip link add ve0 type veth peer name ve1
$ ip link add ve0 type veth peer name ve1 netns blue
$ ip link add dummy0 type dummy
$ ip link add br0 type bridge
"""

LINK_CHANGES = """
ip link add link ens33 name mv0 index 12 type macvlan mode source
$ ip link set dev ens33 up
$ ip link set dev ens33 promisc on
$ ip link set dev ens33 promisc off
$ ip link set dev ens33 allmulticast on
$ ip link set dev ens33 allmulticast off
$ ip link set dev ens33 down
$ ip link set dev ens33 address 02:42:ac:10:d5:b4
$ ip link set dev ens33 mtu 1400
$ ip link set dev ens33 alias "to the switch"
$ ip link set dev ens33 group 7
$ ip link set dev ens33 txqueuelen 500
$ ip link set dev ens33 addrgenmode eui64
$ ip link set dev ens33 addrgenmode none
$ ip link set dev ens33 addrgenmode stable_secret
$ ip link set dev ens33 addrgenmode random
$ ip link set dev mv0 type macvlan mode private
$ ip link set dev mv0 type macvtap mode vepa
$ ip link set dev mv0 type macvlan mode source nodst bcqueuelen 2000
$ ip link set dev mv0 type macvlan macaddr add 02:00:00:00:00:01
$ ip link set dev mv0 type macvlan macaddr del 02:00:00:00:00:01
$ ip link set dev mv0 type macvlan macaddr set 02:00:00:00:00:01 02:00:00:00:00:02
$ ip link set dev mv0 type macvlan macaddr flush
$ ip link set dev ens33 type vlan gvrp on reorder_hdr off egress-qos-map 0:3
$ ip link property add dev ens33 altname a-name-of-more-than-15-bytes
$ ip link property del dev ens33 altname a-name-of-more-than-15-bytes
$ ip link set dev ens33 name wire
$ ip link set dev wire netns blue
$ ip link set dev cable netns blue name eth0
$ ip link delete dev lo
$ ip link delete group 4711
"""

ADDRESS_REQUESTS = """
ip link set ens33 up; ip link set cable up
$ ip address add 172.16.213.180/16 broadcast + dev ens33
$ ip address replace 172.16.213.180/16 broadcast + dev ens33
$ ip address delete 172.16.213.180/16 dev ens33
$ ip address add 10.0.0.1/32 dev ens33
$ ip address add 10.0.0.0/31 dev ens33
$ ip address add 127.0.0.5/8 broadcast + dev lo
$ ip address add fd00::2/64 dev ens33
$ ip address add fd00::3/64 nodad dev ens33
$ ip address add fd00::4/64 optimistic dev ens33
$ ip address replace fd00::3/64 nodad dev ens33
$ ip address delete fd00::2/64 dev ens33
"""

ROUTE_REQUESTS = """
ip link set ens33 up; ip link set cable up
ip address add 10.0.0.5/24 dev ens33; ip address add fd00::5/64 nodad dev ens33
$ ip route add default via 10.0.0.1 dev ens33
$ ip route add default via fd00::1 dev ens33
$ ip route replace default via 10.0.0.2 dev ens33
$ ip route add default via 192.168.0.1 dev ens33 metric 7 onlink
$ ip -4 route add default via inet6 fe80::1 dev ens33 metric 8
$ ip route add 10.1.0.0/16 dev ens33
$ ip route add 10.2.0.0/16 via 10.0.0.2
$ ip route add 10.3.0.0/16 via 10.0.0.2 dev ens33 metric 100
$ ip route add 10.4.0.0/16 via 10.0.0.2 dev ens33 table 100
$ ip route add 10.5.0.0/16 via 10.0.0.2 dev ens33 table 1000
$ ip route add 10.6.0.0/16 dev ens33 src 10.0.0.5
$ ip route add 10.7.0.0/16 dev ens33 scope host
$ ip route add 10.8.0.0/16 via 10.0.0.2 dev ens33 mtu 1400 advmss 1360
$ ip route add blackhole 10.9.0.0/16
$ ip route add unreachable 10.10.0.0/16 metric 5
$ ip route add prohibit 10.11.0.0/16 table 100
$ ip route add fd01::/32 dev ens33
$ ip route add fd02::/32 via fd00::1 dev ens33 metric 100 src fd00::5 mtu 1400
$ ip route add fd03::/32 via fe80::1 dev ens33 onlink table 1000
$ ip route add blackhole fd04::/32
$ ip -6 route add default dev ens33 metric 9
$ ip route delete 10.1.0.0/16 dev ens33
$ ip route delete 10.3.0.0/16 via 10.0.0.2 dev ens33 metric 100
$ ip route delete default via 10.0.0.2 dev ens33
$ ip route delete 10.7.0.0/16 dev ens33 scope host
$ ip route delete blackhole 10.9.0.0/16
$ ip route delete fd01::/32 dev ens33
$ ip route delete default via fd00::1 dev ens33
"""

RULE_REQUESTS = """
$ ip rule add from 10.0.0.2/32 table 100
$ ip rule add from 10.0.0.2/32 to 10.1.0.0/16 table 1000 priority 500
$ ip -6 rule add to fd00::/64 table 100
$ ip rule add from all table 100
$ ip -6 rule add from all table 1000 priority 7
$ ip rule delete from 10.0.0.2/32 table 100
$ ip -6 rule delete to fd00::/64 table 100
"""

SHOWS = """
$ ip link show
$ ip link show type macvlan
$ ip link show master ens33
$ ip link show dev ens33
$ ip address show
$ ip -4 address show
$ ip address show dev ens33
$ ip neighbour show
$ ip -6 neighbour show dev ens33
$ ip route show table all
$ ip -4 route show table 100
$ ip -6 route show table 1000 dev ens33
$ ip -4 route show table all type blackhole proto boot
$ ip rule show
$ ip -6 rule show
$ ip netns list
"""

# What links there are is told in blue too, whose parent is here.
LINKS = """
ip link set ens33 up; ip link set cable up; ip link set lo up
ip link add link ens33 name eth0 index 70000 address 02:42:ac:10:d5:b4 mtu 1400 netns blue type macvlan mode bridge
ip link add link ens33 name mv0 index 12 address 02:00:00:00:00:10 group 7 type macvlan mode source nodst bcqueuelen 2000 macaddr set 02:00:00:00:00:01 02:00:00:00:00:02
ip link add br0 index 10 address 02:00:00:00:00:11 type bridge
ip link add port index 11 address 02:00:00:00:00:12 type veth peer name eth1 netns blue index 5
ip link set port master br0
ip link set ens33 promisc on; ip link set ens33 alias "to the switch"; ip link property add dev ens33 altname enp2s1
sleep 1
$ ip -d link show dev lo
$ ip -d link show dev ens33
$ ip -n blue -d link show dev eth0
$ ip -d link show dev mv0
$ ip -d link show dev br0
$ ip -d link show dev port
"""

ADDRESSES = """
ip link set ens33 address 02:42:ac:10:d5:b4
ip address add 172.16.213.180/16 broadcast + dev ens33
ip address add 172.16.213.181/16 dev ens33 label ens33:1
ip address add 10.5.0.1 peer 10.5.0.2/24 dev ens33
ip address add 10.6.0.0/31 dev ens33 scope link
ip address add fd00::2/64 dev ens33 nodad
ip address add fd00::5 peer fd00:5::6/128 dev ens33 nodad
ip address add fd00::7/64 dev ens33 nodad preferred_lft 0
ip link set cable up; ip link set ens33 up
ip address add fd00::3/64 dev ens33
$ ip address show dev ens33
"""

ROUTES_V4 = """
ip link set cable up; ip link set ens33 up; ip link set lo up; ip address add 10.0.0.5/24 dev ens33
ip link add dark index 20 type veth peer name far; ip link set dark up; ip address add 10.20.0.5/24 dev dark
ip nexthop add id 4 via 10.0.0.9 dev ens33
ip route add default via 10.0.0.1 dev ens33
ip route add default via 192.168.0.1 dev ens33 metric 7 onlink
ip -4 route add default via inet6 fe80::1 dev ens33 metric 8
ip route add default metric 9 nexthop via 10.0.0.1 dev ens33 weight 2 nexthop via inet6 fe80::2 dev ens33 weight 256
ip route add blackhole default metric 10
ip route add default metric 11 nexthop via 10.0.0.1 dev ens33 nexthop via 10.20.0.1 dev dark
ip route add default metric 12 nhid 4
ip route add 10.1.0.0/16 dev ens33 scope link src 10.0.0.5 metric 100
ip route add 10.2.0.0/16 via 10.0.0.2 dev ens33 mtu 1400 advmss 1360
ip route add 10.3.0.0/16 via 10.0.0.2 table 1000
ip route add unreachable 10.4.0.0/16
$ ip -4 route show table main
$ ip -4 route show table 1000
$ ip -4 route show table local
$ ip route get 10.3.0.1
"""

ROUTES_V6 = """
ip link set cable up; ip link set ens33 up; ip link set lo up; ip address add fd00::5/64 nodad dev ens33
ip nexthop add id 6 via fd00::9 dev ens33
ip -6 route add default via fd00::1 dev ens33
ip -6 route add default via fe80::1 dev ens33 metric 7 onlink mtu 1400
ip -6 route add default metric 8 nexthop via fd00::2 dev ens33 weight 2 nexthop via fd00::3 dev ens33
ip -6 route add default metric 9 nhid 6
ip -6 route add default via fd00::1 dev ens33 metric 10 expires 1000
ip -6 route add blackhole fd04::/32
ip -6 route add fd05::/32 via fd00::2 table 1000
sleep 2
$ ip -6 route show table main
$ ip -6 route show table 1000
"""

NEIGHBOURS = """
ip link set cable up; ip link set ens33 up; ip address add 10.0.0.5/24 dev ens33
ip neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev ens33 nud permanent
ip neighbour add fd00::9 lladdr 02:00:00:00:00:0a dev ens33 nud stale
ping -c 1 -W 4 10.0.0.7 >/dev/null
$ ip neighbour show dev ens33
"""

RULES = """
ip rule add from 10.0.0.2/32 to 10.1.0.0/16 table 1000 priority 500
ip rule add blackhole from 10.0.0.3/32 priority 501
$ ip -4 rule show
$ ip -6 rule show
"""

# A namespace has a number here when a link leads there.
NETNS_IDS = """
$ ip netns list
ip link set cable netns blue
$ ip netns
"""

VLANS = """
ip link set ens33 up; ip link set cable up
ip link add link ens33 name ens33.100 index 20 address 02:00:00:00:00:20 type vlan id 100
ip link add link ens33 name ens33.200 index 21 address 02:00:00:00:00:21 type vlan protocol 802.1ad id 200 reorder_hdr off gvrp off loose_binding on bridge_binding off ingress-qos-map 1:2 3:4 egress-qos-map 0:3 5:6
ip link add link ens33.100 name tap0 index 22 address 02:00:00:00:00:22 type macvtap mode vepa
ip link set ens33.100 up
sleep 1
$ ip -d link show dev ens33.100
$ ip -d link show dev ens33.200
$ ip -d link show dev tap0
"""

VERDICTS = """
ip link set ens33 up; ip link set cable up; ip link set lo up
ip address add 10.0.0.5/24 dev ens33
$ ip link set dev lo up | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip link set dev lo up | NETLINK_EXT_ACK
$ ip link add link ens33 name mv0 mtu 9000 type macvlan mode bridge | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip link add link ens33 name mv0 mtu 9000 type macvlan mode bridge | NETLINK_EXT_ACK
$ ip route add default via 10.9.9.9 dev ens33 | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip route add default via 10.9.9.9 dev ens33 | NETLINK_EXT_ACK
$ ip route add default via 10.9.9.9 dev ens33 | NETLINK_CAP_ACK
$ ip link add mv0 type nosuchkind | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip link set dev ens33 gso_max_size 1 | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip link set dev ens33 gso_max_size 1 | NETLINK_EXT_ACK
"""

BATCHES = """
ip link set ens33 up; ip link set cable up
$ ip link set dev ens33 mtu 9 ; ip route add default via 10.9.9.9 dev ens33 ; ip link set dev lo up | NETLINK_EXT_ACK NETLINK_CAP_ACK
$ ip route add default via 10.9.9.9 dev ens33 ; ip link set dev lo up ; ip link set dev ens33 mtu 9 | NETLINK_EXT_ACK NETLINK_CAP_ACK
"""

LISTINGS = """
ip link set ens33 up; ip link set cable up; ip address add 10.0.0.5/24 dev ens33
$ ip -4 route show table 4711 | NETLINK_EXT_ACK NETLINK_CAP_ACK NETLINK_GET_STRICT_CHK
$ ip -4 route show table main | NETLINK_EXT_ACK NETLINK_CAP_ACK NETLINK_GET_STRICT_CHK
"""

# Name of the file: its commands, and what of them is recorded.
SCENARIOS = {
    "link-requests": (LINK_REQUESTS, "request"),
    "link-changes": (LINK_CHANGES, "request"),
    "address-requests": (ADDRESS_REQUESTS, "request"),
    "route-requests": (ROUTE_REQUESTS, "request"),
    "rule-requests": (RULE_REQUESTS, "request"),
    "shows": (SHOWS, "request"),
    "links": (LINKS, "answer"),
    "addresses": (ADDRESSES, "answer"),
    "routes-v4": (ROUTES_V4, "answer"),
    "routes-v6": (ROUTES_V6, "answer"),
    "neighbours": (NEIGHBOURS, "answer"),
    "rules": (RULES, "answer"),
    "netns-ids": (NETNS_IDS, "answer"),
    "vlans": (VLANS, "answer"),
    "verdicts": (VERDICTS, "verdict"),
    "batches": (BATCHES, "verdict"),
    "listings": (LISTINGS, "verdict"),
}

# Recorded in user-mode Linux, which has 8021q and macvtap.
NEEDS_MODULES = {"vlans"}
