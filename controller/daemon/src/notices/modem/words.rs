//! Resolver: what is wrong with a modem, in words for people and with what they can do about it.

use std::path::PathBuf;

/// What a modem refuses with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `+CMS ERROR` (TS 27.005, 3.2.5).
    Message(u16),
    /// `+CME ERROR` (TS 27.007, 9.2).
    Equipment(u16),
    /// `ERROR`.
    Unnamed,
}

/// Why nothing leaves by a modem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error(
        "không mở được cổng {}: {reason}; kiểm tra cáp, nguồn và tên cổng trong /dev/serial/by-id · \
         the port cannot be opened: check cable, power and the name under /dev/serial/by-id",
        path.display()
    )]
    Absent { path: PathBuf, reason: String },
    #[error(
        "modem đã bị rút hoặc mất kết nối ({reason}); đang mở lại · the modem was unplugged or its line \
         broke; it is opened again"
    )]
    Gone { reason: String },
    #[error(
        "modem không trả lời lệnh {command} trong {seconds} giây; đang khởi động lại · the modem did not \
         answer {command} within {seconds} s; it is being reset"
    )]
    Silent { command: String, seconds: u64 },
    #[error(
        "modem chưa có SIM hoặc SIM tiếp xúc kém: lắp lại SIM · no SIM, or it has no contact: put it in \
         again"
    )]
    NoSim,
    #[error(
        "SIM đòi mã PIN hoặc PUK: tắt mã PIN của SIM bằng một điện thoại rồi lắp lại · the SIM asks for \
         its PIN or PUK: switch the PIN off in a telephone, then put the SIM back"
    )]
    Locked,
    #[error(
        "modem không vào được mạng (sóng {signal}): kiểm tra ăng-ten, gói cước và vùng phủ sóng · not in a \
         network (signal {signal}): check antenna, contract and coverage"
    )]
    NoNetwork { signal: String },
    #[error("{command}: {}", words(*refusal))]
    Refused { command: String, refusal: Refusal },
    #[error("modem đang khởi động · the modem is starting")]
    Starting,
}

impl Trouble {
    /// Whether the modem itself needs to be opened again or reset.
    #[must_use]
    pub const fn is_of_the_line(&self) -> bool {
        matches!(
            self,
            Self::Absent { .. } | Self::Gone { .. } | Self::Silent { .. }
        )
    }

    /// Whether it is the number to which it was sent that is wrong, for good.
    #[must_use]
    pub const fn is_of_the_number(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => {
                matches!(refusal, Refusal::Message(1 | 28 | 30 | 96 | 304))
            }
            Self::Absent { .. }
            | Self::Gone { .. }
            | Self::Silent { .. }
            | Self::NoSim
            | Self::Locked
            | Self::NoNetwork { .. }
            | Self::Starting => false,
        }
    }
}

/// What a refusal means.
#[must_use]
pub fn words(refusal: Refusal) -> String {
    let (name, code, meaning) = match refusal {
        Refusal::Message(code) => ("CMS", code, of_message(code)),
        Refusal::Equipment(code) => ("CME", code, of_equipment(code)),
        Refusal::Unnamed => return "modem từ chối lệnh · the modem refused the command".to_owned(),
    };
    let meaning = meaning.unwrap_or("lỗi chưa biết · an error without a known meaning");
    format!("{name} {code}: {meaning}")
}

const NO_SIM: &str = "chưa có SIM · no SIM";
const PIN: &str = "SIM bị khóa bằng PIN hoặc PUK · the SIM is locked by its PIN or PUK";
const BAD_SIM: &str =
    "SIM hỏng hoặc không đúng: thay SIM · the SIM is defective or wrong: replace it";
const SIM_BUSY: &str = "SIM đang bận, sẽ thử lại · the SIM is busy, tried again";
const NO_SERVICE: &str = "không có sóng hoặc mạng không phục vụ: kiểm tra ăng-ten, gói cước · no network \
                          service: check antenna and contract";
const SLOW: &str = "mạng không trả lời kịp, sẽ thử lại · the network did not answer, tried again";

fn of_message(code: u16) -> Option<&'static str> {
    Some(match code {
        1 => {
            "số không tồn tại: sửa số trong cấu hình · no such number: correct it in the configuration"
        }
        8 | 10 => {
            "nhà mạng chặn gửi tin: hỏi nhà mạng, nạp tiền · barred: ask the operator, top up the SIM"
        }
        21 => {
            "mạng từ chối tin: kiểm tra tài khoản SIM · the network rejected it: check the SIM's account"
        }
        27 => {
            "máy nhận không liên lạc được, sẽ thử lại · the recipient is out of reach, tried again"
        }
        28 | 30 => {
            "nhà mạng không biết số này: sửa số · the network does not know the number: correct it"
        }
        29 | 50 | 69 => {
            "SIM chưa đăng ký dịch vụ nhắn tin: hỏi nhà mạng · the SIM has no SMS service: ask \
                         the operator"
        }
        38 => {
            "mạng trục trặc với số này, sẽ thử lại · the network is out of order for this number, tried \
               again"
        }
        41 | 42 | 47 => "mạng quá tải, sẽ thử lại · the network is congested, tried again",
        96 | 304 => {
            "mạng không nhận dạng tin hoặc số · the network does not take this form or number"
        }
        310 => NO_SIM,
        311 | 312 | 316 | 317 | 318 => PIN,
        313 | 315 => BAD_SIM,
        314 => SIM_BUSY,
        320 | 322 => {
            "bộ nhớ tin nhắn đầy hoặc lỗi: xóa tin trên SIM · message storage full or failing: \
                      delete messages on the SIM"
        }
        330 => {
            "SIM không có số trung tâm tin nhắn: đặt bằng AT+CSCA · the SIM lacks the number of its \
                service centre: set it with AT+CSCA"
        }
        331 => NO_SERVICE,
        332 => SLOW,
        500 => {
            "modem báo lỗi không rõ, sẽ thử lại · the modem reports an unknown error, tried again"
        }
        _ => return None,
    })
}

fn of_equipment(code: u16) -> Option<&'static str> {
    Some(match code {
        3 | 4 => "modem không biết lệnh này · the modem does not know the command",
        10 => NO_SIM,
        11 | 12 | 16 | 17 | 18 => PIN,
        13 | 15 => BAD_SIM,
        14 => SIM_BUSY,
        30 => NO_SERVICE,
        31 => SLOW,
        32 => {
            "mạng chỉ cho gọi khẩn cấp: kiểm tra SIM, gói cước · emergency calls only: check SIM and \
               contract"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_says_what_to_do_in_both_languages_and_fits_into_an_error() {
        let refused = |refusal| Trouble::Refused {
            command: "AT+CMGS".to_owned(),
            refusal,
        };
        let codes = (0..600).flat_map(|code| [Refusal::Message(code), Refusal::Equipment(code)]);
        let troubles = codes.map(refused).chain([
            Trouble::NoSim,
            Trouble::Locked,
            Trouble::Starting,
            refused(Refusal::Unnamed),
        ]);
        for trouble in troubles {
            let said = trouble.to_string();
            assert!(said.contains(" · ") && said.chars().count() < 250, "{said}");
        }
        assert!(words(Refusal::Message(38)).starts_with("CMS 38: mạng trục trặc"));
    }

    #[test]
    fn only_a_number_that_cannot_be_right_is_given_up() {
        let of = |code| Trouble::Refused {
            command: String::new(),
            refusal: Refusal::Message(code),
        };
        assert!(of(1).is_of_the_number() && of(28).is_of_the_number());
        for code in [21, 27, 38, 42, 331, 500] {
            assert!(!of(code).is_of_the_number(), "{code}");
        }
    }
}
