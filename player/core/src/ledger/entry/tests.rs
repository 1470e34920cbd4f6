use super::*;
use cotmoc_proto::device::ClockQuality;

fn entry(line: Line) -> Entry {
    Entry {
        boot: "b".parse().unwrap(),
        mono_ms: 5,
        at_ms: TimeMs(-1),
        clock: ClockQuality::Held,
        line,
    }
}

#[test]
fn a_line_is_written_as_ever() {
    let line = write(&entry(Line::Presented(Condition::OnAir)));
    assert_eq!(
        line,
        "\n44b4e7db506d7c22 {\"boot\":\"b\",\"mono_ms\":5,\"at_ms\":-1,\"clock\":\"held\",\"line\":{\"presented\":\"on-air\"}}\n"
    );
}

#[test]
fn every_line_reads_back() {
    let lines = [
        Line::Start,
        Line::Presented(Condition::OutputLost),
        Line::Mark,
        Line::Stopped,
        Line::Cut,
        Line::HandedOver,
    ];
    let entries = lines.map(entry);
    let file: String = entries.iter().map(write).collect();
    assert_eq!(read(file.as_bytes()), (entries.to_vec(), 0));
}

#[test]
fn a_changed_digit_is_noticed() {
    let line = write(&entry(Line::Mark)).replace(":5,", ":6,");
    assert_eq!(read(line.as_bytes()), (vec![], 1));
}
