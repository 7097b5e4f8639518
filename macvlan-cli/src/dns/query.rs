//! Queries of DNS, and the answers from containers' names.

use std::net::IpAddr;

use domain::base::iana::{Class, Opcode, OptRcode, Rtype};
use domain::base::message_builder::{AdditionalBuilder, AnswerBuilder, PushError};
use domain::base::name::ToName as _;
use domain::base::{Message, MessageBuilder, Serial, StaticCompressor, Ttl};
use domain::rdata::{A, Aaaa, Ptr, Soa};

use crate::dns::names::{DomainName, Entry, Names};

/// The time for which an answer may be used; a container may get another address at any time.
const TTL: Ttl = Ttl::from_secs(5);
/// The answer over UDP that a client takes if it does not say more (RFC 1035).
const PLAIN_LIMIT: u16 = 512;
/// More would be divided into fragments, which get lost (RFC 9715).
const OWN_LIMIT: u16 = 1232;
/// The room for the record by which both sides say how much they take.
const OPT_LENGTH: usize = 11;

/// The protocol by which a query has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// A query with one question.
pub(super) struct Query<'a> {
    pub(super) message: Message<&'a [u8]>,
    pub(super) transport: Transport,
    /// The longest answer that the client takes.
    pub(super) limit: u16,
    pub(super) name: DomainName,
    kind: Rtype,
    /// False for another class of names than the Internet's, of which containers have none.
    is_internet: bool,
    has_opt: bool,
}

/// The answer of containers' names to a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Message(Vec<u8>),
    /// The name is not a container's.
    Elsewhere,
}

type Builder = StaticCompressor<Vec<u8>>;

impl<'a> Query<'a> {
    /// Reads a query; an error is the answer to one that cannot be used, if it has one.
    pub(super) fn parse(bytes: &'a [u8], transport: Transport) -> Result<Self, Option<Vec<u8>>> {
        let message = Message::from_octets(bytes).map_err(|_| None)?;
        if message.header().qr() {
            return Err(None);
        }
        let opt = message.opt();
        let taken = opt.as_ref().map_or(PLAIN_LIMIT, |opt| opt.udp_payload_size().max(PLAIN_LIMIT));
        let limit = if transport == Transport::Tcp { u16::MAX } else { taken };
        let has_opt = opt.is_some();
        let refuse = |rcode: OptRcode| Err(Some(plain(&message, rcode, has_opt)));
        if message.header().opcode() != Opcode::QUERY {
            return refuse(OptRcode::NOTIMP);
        }
        let question = message.sole_question();
        let question = question.ok().and_then(|one| Some((one.qname().try_to_name().ok()?, one)));
        let Some((name, question)) = question else { return refuse(OptRcode::FORMERR) };
        if opt.is_some_and(|opt| opt.version() > 0) {
            return refuse(OptRcode::BADVERS);
        }
        // Several messages would answer these.
        if matches!(question.qtype(), Rtype::AXFR | Rtype::IXFR) {
            return refuse(OptRcode::REFUSED);
        }
        let (kind, is_internet) = (question.qtype(), question.qclass() == Class::IN);
        Ok(Self { message, transport, limit, name, kind, is_internet, has_opt })
    }

    /// Returns whether names of containers are asked for, of which the store has to be sure.
    pub(super) fn is_ours(&self, names: &Names) -> bool {
        let has_it = names.get(&self.name).is_some() || names.zone(&self.name).is_some();
        let is_address = matches!(self.kind, Rtype::A | Rtype::AAAA | Rtype::ANY);
        // The root is a label as well.
        let is_short = self.name.label_count() == 2;
        self.is_internet && (has_it || (is_address && is_short))
    }

    /// Answers from the names.
    pub(super) fn answer(&self, names: &Names) -> Answer {
        let (zone, entry) = (names.zone(&self.name), names.get(&self.name));
        if !self.is_internet || (entry.is_none() && zone.is_none()) {
            return Answer::Elsewhere;
        }
        let rcode = if entry.is_some() { OptRcode::NOERROR } else { OptRcode::NXDOMAIN };
        let owner = zone.unwrap_or(&self.name);
        let (limit, mut fits) = (self.limit(), true);
        let message = self.build(rcode, limit, |mut answer| {
            answer.header_mut().set_aa(true);
            let found = entry.map_or(Ok(0), |entry| self.push(&mut answer, entry));
            fits = found.is_ok();
            if !fits && self.transport == Transport::Udp {
                answer.rewind();
                answer.header_mut().set_tc(true);
            }
            let mut authority = answer.authority();
            if matches!(found, Ok(0)) {
                let never = Ttl::from_secs(0);
                let soa = Soa::new(owner, owner, Serial(1), TTL, TTL, never, TTL);
                // A name has at most 255 bytes, so these fit.
                let _ = authority.push((owner, TTL, soa));
            }
            authority.additional()
        });
        Answer::Message(message)
    }

    /// Adds the records of the type that is asked for; returns how many there are.
    fn push(&self, answer: &mut AnswerBuilder<Builder>, entry: &Entry) -> Result<usize, PushError> {
        let (name, mut count) = (&self.name, 0);
        for address in &entry.addresses {
            match (address, self.kind) {
                (IpAddr::V4(ip), Rtype::A | Rtype::ANY) => answer.push((name, TTL, A::new(*ip)))?,
                (IpAddr::V6(ip), Rtype::AAAA | Rtype::ANY) => {
                    answer.push((name, TTL, Aaaa::new(*ip)))?;
                }
                _ => continue,
            }
            count += 1;
        }
        if matches!(self.kind, Rtype::PTR | Rtype::ANY) {
            for pointer in &entry.pointers {
                answer.push((name, TTL, Ptr::new(pointer)))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Returns the answer that the query could not be answered.
    pub(super) fn failed(&self) -> Vec<u8> {
        plain(&self.message, OptRcode::SERVFAIL, self.has_opt)
    }

    /// Returns the answer that the client has to ask by TCP.
    pub(super) fn truncated(&self) -> Vec<u8> {
        self.build(OptRcode::NOERROR, self.limit(), |mut answer| {
            answer.header_mut().set_tc(true);
            answer.additional()
        })
    }

    fn limit(&self) -> usize {
        let most = if self.transport == Transport::Udp { OWN_LIMIT } else { u16::MAX };
        usize::from(self.limit.min(most))
    }

    fn build(
        &self,
        rcode: OptRcode,
        limit: usize,
        add: impl FnOnce(AnswerBuilder<Builder>) -> AdditionalBuilder<Builder>,
    ) -> Vec<u8> {
        build(&self.message, rcode, self.has_opt, limit, add)
    }
}

/// Returns an answer without records.
fn plain(query: &Message<&[u8]>, rcode: OptRcode, has_opt: bool) -> Vec<u8> {
    build(query, rcode, has_opt, usize::from(PLAIN_LIMIT), AnswerBuilder::additional)
}

fn build(
    query: &Message<&[u8]>,
    rcode: OptRcode,
    has_opt: bool,
    limit: usize,
    add: impl FnOnce(AnswerBuilder<Builder>) -> AdditionalBuilder<Builder>,
) -> Vec<u8> {
    let builder = MessageBuilder::from_target(StaticCompressor::new(Vec::new()));
    let mut builder = builder.unwrap_or_else(|_| unreachable!("a vector has room for a header"));
    builder.set_push_limit(limit - OPT_LENGTH);
    let mut answer = builder.start_error(query, rcode.rcode());
    answer.header_mut().set_ra(true);
    let mut additional = add(answer);
    additional.clear_push_limit();
    if has_opt {
        // It always fits.
        let _ = additional.opt(|opt| {
            opt.set_udp_payload_size(OWN_LIMIT);
            opt.set_rcode(rcode);
            Ok(())
        });
    }
    additional.finish().into_target()
}

#[cfg(test)]
mod tests {
    use domain::base::iana::Rcode;
    use domain::rdata::AllRecordData;
    use proptest::prelude::*;

    use super::*;
    use crate::dns::names::tests::sample;

    /// Returns a query for a name.
    fn asked(name: &str, kind: Rtype, payload: Option<u16>) -> Vec<u8> {
        let mut question = MessageBuilder::new_vec().question();
        question.header_mut().set_id(0x1234);
        question.header_mut().set_rd(true);
        question.push((name.parse::<DomainName>().unwrap(), kind)).unwrap();
        let mut additional = question.additional();
        if let Some(payload) = payload {
            let set = |size| {
                move |opt: &mut domain::base::message_builder::OptBuilder<'_, _>| {
                    opt.set_udp_payload_size(size);
                    Ok(())
                }
            };
            additional.opt(set(payload)).unwrap();
        }
        additional.finish()
    }

    /// Returns the answer's code, whether it is cut off, and its records, first those of the answer.
    fn read(bytes: &[u8]) -> (Rcode, bool, [Vec<String>; 2]) {
        let message = Message::from_octets(bytes).unwrap();
        let (_, answer, authority, _) = message.sections().unwrap();
        let texts = |section: domain::base::message::RecordSection<'_, _>| {
            let records = section.limit_to::<AllRecordData<_, _>>();
            records
                .map(|one| one.unwrap())
                .map(|one| format!("{} {}", one.owner(), one.data()))
                .collect()
        };
        let header = message.header();
        assert!(header.qr() && header.ra() && header.rd() && header.id() == 0x1234);
        (header.rcode(), header.tc(), [texts(answer), texts(authority)])
    }

    #[track_caller]
    fn answered(name: &str, kind: Rtype) -> (Rcode, Vec<String>) {
        let bytes = asked(name, kind, None);
        let query = Query::parse(&bytes, Transport::Udp).ok().unwrap();
        assert!(query.is_ours(&sample()));
        let Answer::Message(answer) = query.answer(&sample()) else { panic!("{name}: elsewhere") };
        let (rcode, is_cut, [records, authority]) = read(&answer);
        assert!(!is_cut && Message::from_octets(&answer).unwrap().header().aa());
        // Without records, the answer says for how long.
        assert_eq!(records.is_empty(), !authority.is_empty());
        (rcode, records)
    }

    #[test]
    fn names_have_addresses_of_each_family() {
        let found =
            |texts: &[&str]| (Rcode::NOERROR, texts.iter().map(ToString::to_string).collect());
        let none = |rcode| (rcode, Vec::<String>::new());
        for (name, kind, expected) in [
            ("test101", Rtype::A, found(&["test101 10.0.10.7", "test101 10.0.20.7"])),
            ("Test101.VLAN10", Rtype::A, found(&["Test101.VLAN10 10.0.10.7"])),
            ("test101", Rtype::AAAA, found(&["test101 fd10::7"])),
            (
                "7.10.0.10.in-addr.arpa",
                Rtype::PTR,
                found(&["7.10.0.10.in-addr.arpa test101.vlan10."]),
            ),
            // The name is there, and what is asked for is not.
            ("a.b", Rtype::AAAA, none(Rcode::NOERROR)),
            ("a.b", Rtype::MX, none(Rcode::NOERROR)),
            ("b.vlan10", Rtype::A, none(Rcode::NOERROR)),
            ("vlan10", Rtype::SOA, none(Rcode::NOERROR)),
            ("7.10.0.10.in-addr.arpa", Rtype::A, none(Rcode::NOERROR)),
            ("test102.vlan10", Rtype::A, none(Rcode::NXDOMAIN)),
            ("test102.vlan10", Rtype::MX, none(Rcode::NXDOMAIN)),
        ] {
            assert_eq!(answered(name, kind), expected, "{name} {kind}");
        }
        let (rcode, all) = answered("test101.vlan10", Rtype::ANY);
        assert_eq!((rcode, all.len()), (Rcode::NOERROR, 2));
    }

    #[test]
    fn other_names_are_elsewhere() {
        for (name, kind, is_ours) in [
            ("example.com", Rtype::A, false),
            ("vlan10.example.com", Rtype::A, false),
            ("com", Rtype::NS, false),
            (".", Rtype::NS, false),
            ("9.9.9.9.in-addr.arpa", Rtype::PTR, false),
            // It may be a new container's.
            ("nas", Rtype::A, true),
        ] {
            let bytes = asked(name, kind, None);
            let query = Query::parse(&bytes, Transport::Udp).ok().unwrap();
            assert_eq!(query.answer(&sample()), Answer::Elsewhere, "{name}");
            assert_eq!(query.is_ours(&sample()), is_ours, "{name}");
            assert_eq!(read(&query.failed()).0, Rcode::SERVFAIL);
        }
    }

    #[test]
    fn other_classes_are_elsewhere() {
        let mut bytes = asked("web", Rtype::A, None);
        // CHAOS
        *bytes.last_mut().unwrap() = 3;
        let query = Query::parse(&bytes, Transport::Udp).ok().unwrap();
        assert!(!query.is_ours(&sample()) && query.answer(&sample()) == Answer::Elsewhere);
    }

    #[test]
    fn unusable_queries_are_refused() {
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = asked("web", Rtype::A, Some(1232));
            change(&mut bytes);
            Query::parse(&bytes, Transport::Udp)
                .err()
                .map(|answer| answer.map(|bytes| read(&bytes).0))
        };
        assert_eq!(refused(&|_| {}), None);
        assert_eq!(refused(&|bytes| bytes[2] |= 0x80), Some(None), "an answer");
        assert_eq!(refused(&|bytes| bytes.truncate(11)), Some(None));
        assert_eq!(refused(&|bytes| bytes[2] |= 0x20), Some(Some(Rcode::NOTIMP)));
        assert_eq!(refused(&|bytes| bytes[5] = 0), Some(Some(Rcode::FORMERR)));
        assert_eq!(refused(&|bytes| bytes.truncate(16)), Some(Some(Rcode::FORMERR)));
        assert_eq!(refused(&|bytes| bytes[18] = 252), Some(Some(Rcode::REFUSED)), "AXFR");
        // A later version of the extensions.
        let newer = |bytes: &mut Vec<u8>| {
            let at = bytes.len() - 5;
            bytes[at] = 1;
        };
        let mut bytes = asked("web", Rtype::A, Some(1232));
        newer(&mut bytes);
        let answer = Query::parse(&bytes, Transport::Udp).err().unwrap().unwrap();
        assert_eq!(Message::from_octets(&answer).unwrap().opt_rcode(), OptRcode::BADVERS);
    }

    /// Many containers with one alias.
    fn crowd(count: u32) -> Names {
        let leases: Vec<_> = (0..count)
            .map(|one| {
                let ip = std::net::Ipv4Addr::from(0x0a00_0000 + one);
                crate::dns::names::tests::lease(
                    "1",
                    &one.to_string(),
                    &["x", "web"],
                    &[&format!("{ip}/8")],
                )
            })
            .collect();
        Names::new([("1", "lan")], &leases)
    }

    #[test]
    fn a_long_answer_is_cut_off_or_comes_by_tcp() {
        let names = crowd(5000);
        for (payload, transport, limit, records) in [
            (None, Transport::Udp, 512, 0),
            (Some(4096), Transport::Udp, 1232, 0),
            (Some(0), Transport::Udp, 512, 0),
            (Some(4096), Transport::Tcp, 65535, 4094),
        ] {
            let bytes = asked("web.lan", Rtype::A, payload);
            let query = Query::parse(&bytes, transport).ok().unwrap();
            let Answer::Message(answer) = query.answer(&names) else { panic!() };
            let (rcode, is_cut, [found, _]) = read(&answer);
            assert!(answer.len() <= limit && rcode == Rcode::NOERROR);
            assert_eq!(is_cut, transport == Transport::Udp);
            assert!(found.len().abs_diff(records) < 5, "{}", found.len());
            assert!(read(&query.truncated()).1);
        }
        // As many as fit.
        let bytes = asked("web.lan", Rtype::A, None);
        let query = Query::parse(&bytes, Transport::Udp).ok().unwrap();
        let Answer::Message(answer) = query.answer(&crowd(28)) else { panic!() };
        assert_eq!((read(&answer).1, read(&answer).2[0].len()), (false, 28));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// Any bytes are answered, or not, within the limits; and never answered if they are answers.
        #[test]
        fn any_bytes_are_read(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            valid in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            tcp in any::<bool>(),
        ) {
            let mut bytes = if valid { asked("test101.vlan10", Rtype::ANY, Some(1400)) } else { bytes };
            for (at, byte) in changes {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            let transport = if tcp { Transport::Tcp } else { Transport::Udp };
            let answer = match Query::parse(&bytes, transport) {
                Ok(query) => {
                    prop_assert!(query.failed().len() <= 512 && query.truncated().len() <= 512);
                    query.is_ours(&sample());
                    match query.answer(&sample()) {
                        Answer::Message(answer) => Some(answer),
                        Answer::Elsewhere => None,
                    }
                }
                Err(answer) => answer,
            };
            if let Some(answer) = answer {
                let message = Message::from_octets(&answer[..]).unwrap();
                prop_assert!(message.header().qr() && bytes[2] & 0x80 == 0);
                prop_assert!(answer[..2] == bytes[..2] && message.sections().is_ok());
            }
        }
    }
}
