//! Resolver: what a modem says, line by line (3GPP TS 27.005, 27.007).

use super::words::Refusal;

/// A piece of what came over the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Line(String),
    /// `> `: it waits for the text of an SMS.
    Prompt,
}

/// What a modem says without having been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something came in and is stored.
    Stored,
    /// A report of a delivery, in hexadecimal.
    Report(String),
    /// Somebody pressed a key of their telephone.
    Key(char),
    /// The call is over.
    Ended(Ended),
    Other,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Busy,
    NoAnswer,
    NoCarrier,
}

/// How far a call is (`+CLCC`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    Active,
    /// It is being set up, or rings.
    Waiting,
    /// There is no call.
    Gone,
}

/// Takes the next piece out of what has arrived.
pub fn take(buffer: &mut Vec<u8>) -> Option<Heard> {
    loop {
        let blank = buffer
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n' | 0))
            .count();
        buffer.drain(..blank);
        if buffer.starts_with(b"> ") {
            buffer.drain(..2);
            return Some(Heard::Prompt);
        }
        let end = buffer.iter().position(|b| matches!(b, b'\r' | b'\n'))?;
        let line: Vec<u8> = buffer.drain(..end).collect();
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            return Some(Heard::Line(line));
        }
    }
}

/// Whether a command ends with this line, and how.
pub fn ending(line: &str) -> Option<Result<(), Refusal>> {
    let code = |rest: &str| rest.trim().parse().ok();
    if line == "OK" {
        Some(Ok(()))
    } else if let Some(rest) = line.strip_prefix("+CMS ERROR:") {
        Some(Err(code(rest).map_or(Refusal::Unnamed, Refusal::Message)))
    } else if let Some(rest) = line.strip_prefix("+CME ERROR:") {
        Some(Err(code(rest).map_or(Refusal::Unnamed, Refusal::Equipment)))
    } else {
        (line == "ERROR" || line == "COMMAND NOT SUPPORT").then_some(Err(Refusal::Unnamed))
    }
}

/// What a line says that nobody asked for. A report is in the line that follows it.
pub fn news(line: &str) -> Option<News> {
    let ended = |how| Some(News::Ended(how));
    match line {
        "BUSY" => return ended(Ended::Busy),
        "NO ANSWER" => return ended(Ended::NoAnswer),
        "NO CARRIER" | "NO DIALTONE" | "VOICE CALL: END" => return ended(Ended::NoCarrier),
        _ => {}
    }
    if line.starts_with("+CMTI:") || line.starts_with("+CDSI:") {
        return Some(News::Stored);
    }
    let key = ["+DTMF:", "+RXDTMF:", "+QTONEDET:"]
        .into_iter()
        .find_map(|name| line.strip_prefix(name));
    if let Some(key) = key {
        // Quectel says the key's number in ASCII.
        let text = key.trim().trim_matches('"');
        let number = text.parse::<u8>().ok().filter(|code| *code >= b'#');
        let key = number.map(char::from).or_else(|| text.chars().next());
        return key.map(News::Key);
    }
    let others = [
        "RING", "+CREG:", "+CEREG:", "+CGREG:", "^", "+CRING:", "*", "+CPIN:", "RDY",
    ];
    others
        .iter()
        .any(|name| line.starts_with(name))
        .then_some(News::Other)
}

/// Whether the line says that the modem is at home in a network, or roams.
pub fn is_registered(lines: &[String]) -> bool {
    let fields = lines
        .iter()
        .filter_map(|line| fields(line, &["+CREG:", "+CEREG:"]));
    let mut states = fields.filter_map(|fields| fields.get(1).cloned());
    states.any(|state| state == "1" || state == "5")
}

/// The signal in percent, if the modem knows it.
pub fn signal(lines: &[String]) -> Option<u8> {
    let fields = lines.iter().find_map(|line| fields(line, &["+CSQ:"]))?;
    let level: u8 = fields.first()?.parse().ok()?;
    (level <= 31).then(|| level.saturating_mul(3).saturating_add(level / 5).min(100))
}

/// The name of the network.
pub fn operator(lines: &[String]) -> Option<String> {
    let fields = lines.iter().find_map(|line| fields(line, &["+COPS:"]))?;
    fields.get(2).map(|name| name.trim_matches('"').to_owned())
}

/// The references under which parts of a text were taken over.
pub fn references(lines: &[String]) -> impl Iterator<Item = u8> {
    let fields = lines.iter().filter_map(|line| fields(line, &["+CMGS:"]));
    fields.filter_map(|fields| fields.first()?.parse().ok())
}

/// Stored units with their places.
pub fn stored(lines: &[String]) -> Vec<(u16, String)> {
    let heads = lines.iter().zip(lines.iter().skip(1));
    heads
        .filter_map(|(head, unit)| {
            let place = fields(head, &["+CMGL:"])?.first()?.parse().ok()?;
            Some((place, unit.clone()))
        })
        .collect()
}

/// How far the call is that was made.
pub fn call(lines: &[String]) -> CallState {
    let calls = lines.iter().filter_map(|line| fields(line, &["+CLCC:"]));
    // Made from here, and a voice call.
    let ours = |fields: &Vec<String>| {
        fields.get(1).is_some_and(|way| way == "0") && fields.get(3).is_some_and(|kind| kind == "0")
    };
    let mut states = calls
        .filter(ours)
        .filter_map(|fields| fields.get(2).cloned());
    match states.next().as_deref() {
        Some("0" | "1") => CallState::Active,
        Some(_) => CallState::Waiting,
        None => CallState::Gone,
    }
}

fn fields(line: &str, names: &[&str]) -> Option<Vec<String>> {
    let rest = names.iter().find_map(|name| line.strip_prefix(name))?;
    Some(
        rest.split(',')
            .map(|field| field.trim().to_owned())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn pieces_come_out_of_the_stream_however_they_arrive() {
        let whole = b"\r\nOK\r\n\r\n> \r\n+CMGS: 12\r\n\r\nOK\r\n";
        for cut in 0..whole.len() {
            let mut buffer = Vec::new();
            let mut heard = Vec::new();
            for piece in [&whole[..cut], &whole[cut..]] {
                buffer.extend_from_slice(piece);
                heard.extend(std::iter::from_fn(|| take(&mut buffer)));
            }
            let line = |text: &str| Heard::Line(text.to_owned());
            let expected = [line("OK"), Heard::Prompt, line("+CMGS: 12"), line("OK")];
            assert_eq!(heard, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_command_ends_with_ok_or_with_a_reason() {
        assert_eq!(ending("OK"), Some(Ok(())));
        assert_eq!(ending("+CMS ERROR: 38"), Some(Err(Refusal::Message(38))));
        assert_eq!(ending("+CME ERROR: 10"), Some(Err(Refusal::Equipment(10))));
        assert_eq!(ending("+CME ERROR: SIM busy"), Some(Err(Refusal::Unnamed)));
        assert_eq!(ending("+CMGS: 38"), None);
    }

    #[test]
    fn registration_signal_operator_and_calls_are_read() {
        assert!(is_registered(&lines("+CREG: 0,1")));
        assert!(is_registered(&lines("+CEREG: 2,5,\"1A2B\",\"01\",7")));
        for not in ["+CREG: 0,2", "+CREG: 0,3", "+CREG: 1", ""] {
            assert!(!is_registered(&lines(not)), "{not}");
        }
        assert_eq!(signal(&lines("+CSQ: 31,99")), Some(99));
        assert_eq!(signal(&lines("+CSQ: 99,99")), None);
        assert_eq!(
            operator(&lines("+COPS: 0,0,\"Viettel\",7")).as_deref(),
            Some("Viettel")
        );
        assert_eq!(operator(&lines("+COPS: 0")), None);
        assert_eq!(
            call(&lines("+CLCC: 1,0,3,0,0,\"+84912345678\",145")),
            CallState::Waiting
        );
        assert_eq!(call(&lines("+CLCC: 1,0,0,0,0")), CallState::Active);
        assert_eq!(call(&lines("+CLCC: 1,1,0,0,0")), CallState::Gone);
        assert_eq!(call(&lines("+CLCC: 1,0,0,1,0")), CallState::Gone);
    }

    #[test]
    fn what_nobody_asked_for_is_told_apart() {
        assert_eq!(news("+CMTI: \"SM\",3"), Some(News::Stored));
        assert_eq!(news("+DTMF: 1"), Some(News::Key('1')));
        assert_eq!(news("+RXDTMF: 1"), Some(News::Key('1')));
        assert_eq!(news("+QTONEDET: 49"), Some(News::Key('1')));
        assert_eq!(news("BUSY"), Some(News::Ended(Ended::Busy)));
        assert_eq!(news("+CSQ: 20,99"), None);
        let listed = lines("+CMGL: 2,0,,26\n0791AA\n+CMGL: 5,1,,26\n0791BB");
        let expected = [(2, "0791AA".to_owned()), (5, "0791BB".to_owned())];
        assert_eq!(stored(&listed), expected);
    }
}
