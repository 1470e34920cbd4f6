//! Duty officers take content away, at once, and nothing but that.

use crate::board::{Board, shown, version};
use cotmoc_gate::Outcome;

#[test]
fn d01_a_takedown_of_an_item_and_of_the_whole_holds_over_a_reboot() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let first = board.items[0].sha256;
    let item = board.site.takedown(1, 1, &[first]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&item));
    assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq: 1 }]);
    assert_eq!(shown(&gate), "item-2");
    assert_eq!(gate.ingest(), []);
    drop(gate);
    let mut gate = board.boot();
    assert_eq!(shown(&gate), "item-2");
    assert_eq!(gate.ingest(), []);
    let whole = board.site.takedown(2, 1, &[]);
    board.put_inbox("takedown.2.dsse", &board.site.seal_takedown(&whole));
    assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq: 2 }]);
    drop(gate);
    let gate = board.boot();
    assert_eq!(
        (shown(&gate), version(&gate)),
        ("fallback".to_owned(), Some(1))
    );
}
