use super::*;

#[test]
fn a_unit_is_that_of_the_well_known_example() {
    // "SMS and the PDU format": hellohello to +46708251358, there without a report and for four days.
    let known = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37";
    let parts = submit("+46708251358", "hellohello", Alphabet::Gsm7, 0);
    let expected = known
        .replacen("0011", "0031", 1)
        .replacen("0000AA", "0000A7", 1);
    assert_eq!(
        parts,
        [Submit {
            octets: expected.len() / 2 - 1,
            hex: expected
        }]
    );
    let national = submit("0912345678", "a", Alphabet::Gsm7, 0);
    assert!(
        national[0].hex.starts_with("0031000A819021436587"),
        "{national:?}"
    );
}

#[test]
fn the_well_known_example_of_an_incoming_text_is_read() {
    let hex = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37";
    let expected = Received {
        from: "27838890001".to_owned(),
        text: "hellohello".to_owned(),
        stamp: "99309251619580".to_owned(),
    };
    assert_eq!(read(hex), Ok(Incoming::Text(expected)));
}

#[test]
fn a_sender_with_a_name_and_a_text_in_ucs2_are_read() {
    // From "Viettel": seven letters are thirteen semi-octets. "Có" is two code units.
    let (_, name) = septets::pack("Viettel");
    let name = hex_of(&name);
    let hex = format!("00040DD0{name}00086211422151258204004300F3");
    let Ok(Incoming::Text(received)) = read(&hex) else {
        panic!("{hex}");
    };
    assert_eq!(
        (received.from.as_str(), received.text.as_str()),
        ("Viettel", "Có")
    );
}

#[test]
fn a_report_says_which_text_and_whether_it_arrived() {
    let report = |status: u8| {
        let hex = format!("0006F50B914819325476F8{0}{0}{status:02X}", "62114221512582");
        match read(&hex) {
            Ok(Incoming::Report(report)) => report,
            other => panic!("{other:?}"),
        }
    };
    let arrived = report(0x00);
    assert_eq!(
        (arrived.reference, arrived.to.as_str()),
        (0xF5, "+84912345678")
    );
    assert_eq!(arrived.fate(), Fate::Delivered);
    assert_eq!(report(0x30).fate(), Fate::Trying);
    assert_eq!(report(0x46).fate(), Fate::Failed);
}

#[test]
fn every_letter_of_the_alphabet_survives_and_160_take_140_octets() {
    let ascii: String = (' '..='~').filter(|c| *c != '`').collect();
    let (count, octets) = septets::pack(&ascii);
    assert_eq!(septets::unpack(&octets, count, 0), ascii);
    let (count, octets) = septets::pack(&"x".repeat(160));
    assert_eq!((count, octets.len()), (160, 140));
    assert_eq!(septets::pack("ệ`").1, septets::pack("??").1);
}

#[test]
fn a_long_text_with_diacritics_is_cut_into_numbered_parts_that_make_the_whole_again() {
    let text =
        "Cụm thông tin đối ngoại Cửa khẩu quốc tế đường bộ số II Kim Thành mất điện. ".repeat(2);
    let parts = submit("+84912345678", text.trim_end(), Alphabet::Ucs2, 0x5A);
    assert_eq!(parts.len(), 3);
    let mut whole = String::new();
    for (number, part) in (1_u8..).zip(&parts) {
        assert!(part.hex.starts_with("00710"), "{}", part.hex);
        assert_eq!(part.hex.len() / 2 - 1, part.octets);
        let octets = octets_of(&part.hex).unwrap();
        let data = &octets[octets.len() - usize::from(octets[14])..];
        assert_eq!(data[..6], [5, 0, 3, 0x5A, 3, number]);
        whole.push_str(&text_of((true, 0x08), data.len(), data).unwrap());
    }
    assert_eq!(whole, text.trim_end());
    let parts = |count| submit("+84912345678", &"x".repeat(count), Alphabet::Gsm7, 0).len();
    assert_eq!((parts(160), parts(161)), (1, 3));
    let short = submit("+84912345678", "Có điện", Alphabet::Ucs2, 0);
    assert!(
        short.len() == 1 && short[0].hex.ends_with("0E004300F30020011100691EC7006E"),
        "{short:?}"
    );
}

#[test]
fn nonsense_is_unreadable_and_never_a_panic() {
    for hex in [
        "",
        "0",
        "ZZ",
        "07",
        "0791728301",
        "00",
        "000",
        "0003",
        "00040B91",
        "0006F50B91",
    ] {
        assert_eq!(read(hex), Err(Unreadable), "{hex}");
    }
    let whole = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37";
    for end in 0..whole.len() {
        assert!(
            read(whole.get(..end).unwrap()).is_err() || end > 40,
            "{end}"
        );
    }
}
