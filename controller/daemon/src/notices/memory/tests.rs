use super::*;
use cotmoc_proto::Digest;

fn notice(key: &str) -> NewNotice {
    NewNotice {
        key: key.to_owned(),
        incident: "i".to_owned(),
        stage: "s".to_owned(),
        recipient: "p".to_owned(),
        channel: "mail".to_owned(),
        route: "mail".to_owned(),
        address: "a@b.vn".to_owned(),
        subject: String::new(),
        body: String::new(),
        token_sha256: Digest::of(key.as_bytes()),
        codes: vec!["4821".to_owned()],
        due_ms: TimeMs(5),
    }
}

const fn accepted(at: i64) -> Fate {
    Fate::Accepted {
        at_ms: TimeMs(at),
        reference: None,
        confirmed_by: None,
    }
}

#[test]
fn a_notice_is_sent_once_from_here_however_often_it_is_handed_in() {
    let mut memory = Memory::default();
    assert!(memory.add(notice("a"), TimeMs(0)));
    assert!(
        memory.lease("mail", 10, TimeMs(4)).is_none(),
        "it is not due"
    );
    assert!(memory.lease("sms", 10, TimeMs(5)).is_none());
    let taken = memory.lease("mail", 10, TimeMs(5)).unwrap();
    assert_eq!((taken.attempts, taken.code.as_deref()), (1, Some("4821")));
    memory.adopt(vec![taken.clone()]);
    assert!(!memory.add(notice("a"), TimeMs(6)));
    assert!(
        memory.lease("mail", 10, TimeMs(14)).is_none(),
        "it is under way"
    );
    memory.mark(&taken, accepted(14), None);
    assert!(memory.lease("mail", 10, TimeMs(99)).is_none());
}

#[test]
fn what_dies_under_way_is_taken_again_when_its_time_is_over() {
    let mut memory = Memory::default();
    memory.add(notice("a"), TimeMs(0));
    memory.lease("mail", 10, TimeMs(5)).unwrap();
    assert_eq!(memory.lease("mail", 10, TimeMs(15)).unwrap().attempts, 2);
}

#[test]
fn what_came_further_while_it_was_stored_is_stored_once_more() {
    let mut memory = Memory::default();
    for key in ["waits", "sent", "goes"] {
        memory.add(notice(key), TimeMs(0));
    }
    let take = |memory: &mut Memory, key: &str| {
        let rows = std::iter::from_fn(|| memory.lease("mail", 10, TimeMs(5)));
        let rows: Vec<_> = rows.collect();
        rows.into_iter().find(|row| row.key == key).unwrap()
    };
    let sent = take(&mut memory, "sent");
    memory.mark(&sent, accepted(6), None);
    let goes = memory
        .snapshot()
        .all
        .into_iter()
        .find(|one| one.key == "goes")
        .unwrap();
    assert!(matches!(goes.fate, Fate::Leased { .. }) && goes.new.is_some());
    let snapshot = memory.snapshot();
    memory.mark(
        &NoticeRow {
            key: "goes".to_owned(),
            ..sent.clone()
        },
        accepted(7),
        None,
    );
    memory.forget(&snapshot);
    assert!(!memory.holds("sent") && memory.holds("goes"));
    let rest = memory.snapshot();
    let goes = rest.all.iter().find(|one| one.key == "goes").unwrap();
    assert_eq!((goes.new.as_ref(), &goes.fate), (None, &accepted(7)));
    memory.forget(&rest);
    assert!(
        !memory.holds("goes") && memory.holds("waits"),
        "a lease is kept until it ends"
    );
}
