//! What is expected in a programme, for the editors who write it.

use crate::text::Text;

macro_rules! expected {
    ($($name:ident = $vi:literal, $en:literal;)*) => {
        $(pub const $name: Text = Text { vi: $vi, en: $en };)*
    };
}

expected! {
    AN_ID = "1 đến 64 chữ cái không dấu, chữ số, '.', '_' hoặc '-', không có khoảng trắng",
        "1 to 64 letters, digits, '.', '_' or '-' (no spaces, no marks)";
    A_DATE = "ngày có thật, như \"24/11/2026\"", "a date such as \"24/11/2026\"";
    A_DIGEST = "64 chữ số thập lục phân viết thường", "64 lower-case hexadecimal digits";
    A_FILE = "đường dẫn tính từ thư mục của tệp này", "a path beside this programme";
    A_LOCAL_TIME = "ngày giờ có thật, như \"24/11/2026 07:00\"",
        "a local date and time such as \"24/11/2026 07:00\"";
    A_QUOTA = "số phút phải phát mỗi ngày, như 840",
        "minutes on air that are due per day, such as 840";
    A_TIME = "giờ như \"07:00\"; cuối ngày là \"24:00\"",
        "a time such as \"07:00\", \"24:00\" for the end of the day";
    A_ZONE = "múi giờ, như \"Asia/Ho_Chi_Minh\"", "a time zone such as \"Asia/Ho_Chi_Minh\"";
    DAYPART = "id của một khung giờ", "the id of a daypart";
    DAYS = "số ngày", "a number of days";
    LANGUAGE = "vi, en, zh hoặc none", "vi, en, zh or none";
    PIXELS = "số điểm ảnh, như 1920", "pixels, such as 1920";
    PRIORITY = "số nguyên; số lớn nhất phát trước", "a whole number; the highest plays first";
    SECONDS = "số giây từ 0.5 đến 86400, như 10", "seconds from 0.5 to 86400, such as 10";
    STALE = "\"keep\" hoặc \"fallback\"", "\"keep\" or \"fallback\"";
    TITLE = "tiêu đề để người đọc thấy trong báo cáo", "the title that people see in reports";
    WALLS = "tên các màn hình, như \"W01\"", "names of walls such as \"W01\"";
    WEEKDAYS = "thứ: t2 t3 t4 t5 t6 t7 cn", "a day: mon tue wed thu fri sat sun, or t2 … t7 cn";
    YES_OR_NO = "true hoặc false", "true or false";
}

/// What is said where something else stands.
pub fn wanted(what: Text) -> String {
    format!("cần {} · expected {}", what.vi, what.en)
}

/// What is said where nothing stands.
pub fn missing(what: Text) -> String {
    format!("còn thiếu: {} · missing; expected {}", what.vi, what.en)
}

/// What is said where one value stands instead of a list.
pub fn a_list(what: Text) -> String {
    let Text { vi, en } = what;
    format!("cần danh sách [{vi}, …] · expected a list: [{en}, …]")
}
