use super::*;

fn units(codes: &[u8]) -> Vec<u16> {
    let mut out = Vec::new();
    for op in codes {
        out.push(u16::from(*op));
        out.extend(std::iter::repeat_n(0, o::caches(o::deopt(*op))));
    }
    out
}

#[test]
fn only_consumed_instructions_have_sites() {
    let code = units(&[
        o::RESUME,
        o::LOAD_FAST,
        o::LOAD_ATTR,
        o::LOAD_FAST,
        o::BINARY_OP,
        o::STORE_FAST,
        o::LOAD_GLOBAL,
        o::CALL,
        o::POP_JUMP_FORWARD_IF_FALSE,
        o::RETURN_VALUE,
    ]);
    let map = Map::new(&code);
    assert_eq!((map.len(), map.seen()), (5, 0));
    assert!(map.bytes() - size_of::<Map>() <= 16 * map.len());
}

#[test]
fn sites_are_found_by_code_unit() {
    let code = units(&[o::BINARY_OP; 100]);
    let mut map = Map::new(&code);
    for at in 0..100 {
        let kind = if at % 2 == 0 { Kind::Int } else { Kind::Float };
        map.site_mut(2 * at)
            .note(Site::case(kind, kind, Kind::Nothing));
    }
    for at in 0..100 {
        let kind = if at % 2 == 0 { Kind::Int } else { Kind::Float };
        let seen = map.site(2 * at).expect("seen").operands();
        assert_eq!(seen, Some(vec![(kind, kind, Kind::Nothing, 1)]));
        assert_eq!(map.site(2 * at + 1), None);
    }
}

#[test]
fn four_kinds_are_kept_and_a_fifth_makes_many() {
    let mut site = Site::default();
    let kinds = [Kind::Int, Kind::Float, Kind::Str, Kind::List, Kind::Tuple];
    for (at, kind) in kinds.into_iter().enumerate() {
        for _ in 0..300 {
            site.note(Site::case(kind, kind, Kind::BigInt));
        }
        let seen = site.operands();
        assert_eq!(seen.is_none(), at == 4);
        if let Some(seen) = seen {
            assert_eq!(seen.len(), at + 1);
            assert_eq!(seen[at], (kind, kind, Kind::BigInt, 255));
        }
    }
}

#[test]
fn attributes_of_four_classes() {
    let mut map = Map::new(&units(&[o::LOAD_ATTR]));
    let case = |version, place| Attr {
        version,
        index: version as u16,
        place,
        count: 1,
    };
    for version in 1..5 {
        map.note_attr(0, case(version, Place::Inline));
        map.note_attr(0, case(version, Place::Slot));
        let cases = map.attrs(0);
        assert_eq!(cases.len(), version as usize);
        assert!(cases.iter().all(|case| case.place == Place::Slot));
        assert_eq!(map.other_attr(0, version).is_some(), version != 1);
    }
    map.note_attr(0, case(5, Place::Inline));
    assert!(map.attrs(0).is_empty());
    assert_eq!(map.site(0).map(|site| site.attr().place), Some(Place::Many));
}

#[test]
fn a_second_target_makes_many() {
    let mut site = Site::default();
    site.note_target(1 << 40);
    site.note_target(1 << 40);
    assert_eq!(site.target(), Some(1 << 40));
    site.note_target(1 << 41);
    assert_eq!(site.target(), None);
    site.note_target(1 << 40);
    assert_eq!(site.target(), None);
    assert!(!site.is_empty());
}
