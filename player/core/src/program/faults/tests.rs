use super::*;

const MINUTE_MS: u64 = 60_000;

fn asset(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn faults() -> ItemFaults {
    ItemFaults::new(FaultRules::default())
}

#[test]
fn a_damaged_file_rests_until_it_has_been_fetched_anew() {
    let (mut faults, a) = (faults(), asset("a"));
    let effect = faults.failed(a, Fault::Integrity, 0);
    assert_eq!(effect, FaultEffect::FetchAnew { asset: a });
    assert_eq!(faults.unavailable(u64::MAX), [a].into());
    faults.released();
    assert_eq!(
        faults.unavailable(u64::MAX),
        [a].into(),
        "a new release mends no file"
    );
    faults.fetched(&a);
    assert_eq!(faults.unavailable(0), [].into());
}

#[test]
fn what_cannot_be_played_is_tried_again_after_longer_rests_and_then_given_up() {
    for fault in [Fault::Undecodable, Fault::Stalled] {
        let (mut faults, a) = (faults(), asset("a"));
        let first = faults.failed(a, fault, 0);
        let until = MINUTE_MS;
        assert_eq!(
            first,
            FaultEffect::RetryAt {
                asset: a,
                mono_ms: until
            }
        );
        assert_eq!(faults.deadline(0), Some(until));
        assert_eq!(faults.unavailable(until - 1), [a].into());
        assert_eq!(faults.unavailable(until), [].into());
        assert_eq!(faults.deadline(until), None);
        let second = faults.failed(a, fault, until);
        let until = 11 * MINUTE_MS;
        assert_eq!(
            second,
            FaultEffect::RetryAt {
                asset: a,
                mono_ms: until
            }
        );
        let third = faults.failed(a, fault, until);
        assert_eq!(third, FaultEffect::GivenUp { asset: a });
        assert_eq!(faults.unavailable(u64::MAX), [a].into());
        faults.fetched(&a);
        assert_eq!(
            faults.unavailable(u64::MAX),
            [a].into(),
            "its file was never the fault"
        );
        faults.released();
        assert_eq!(faults.unavailable(0), [].into());
    }
}

#[test]
fn a_showing_without_fault_makes_earlier_faults_forgotten() {
    let (mut faults, a) = (faults(), asset("a"));
    faults.failed(a, Fault::Stalled, 0);
    faults.played(&a);
    let again = faults.failed(a, Fault::Stalled, 5 * MINUTE_MS);
    let until = 6 * MINUTE_MS;
    assert_eq!(
        again,
        FaultEffect::RetryAt {
            asset: a,
            mono_ms: until
        }
    );
}

#[test]
fn each_asset_rests_by_itself() {
    let mut faults = faults();
    faults.failed(asset("a"), Fault::Stalled, 0);
    faults.failed(asset("b"), Fault::Stalled, 30_000);
    assert_eq!(faults.unavailable(30_000), [asset("a"), asset("b")].into());
    assert_eq!(faults.unavailable(MINUTE_MS), [asset("b")].into());
    assert_eq!(faults.deadline(30_000), Some(MINUTE_MS));
    assert_eq!(faults.deadline(MINUTE_MS), Some(90_000));
}
