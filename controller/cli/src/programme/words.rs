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
    A_CLOCK = "time, seconds, date, weekday hoặc time-and-date",
        "time, seconds, date, weekday or time-and-date";
    A_COLOUR = "màu như \"#c8102e\", viết thường", "a colour such as \"#c8102e\", in lower case";
    A_DATE = "ngày có thật, như \"24/11/2026\"", "a date such as \"24/11/2026\"";
    A_DIGEST = "64 chữ số thập lục phân viết thường", "64 lower-case hexadecimal digits";
    A_FILE = "đường dẫn tính từ thư mục của tệp này", "a path beside this programme";
    A_FOLDER = "thư mục tính từ thư mục của tệp này", "a folder beside this programme";
    A_LOCAL_TIME = "ngày giờ có thật, như \"24/11/2026 07:00\"",
        "a local date and time such as \"24/11/2026 07:00\"";
    A_QUOTA = "số phút phải phát mỗi ngày, như 840",
        "minutes on air that are due per day, such as 840";
    A_TIME = "giờ như \"07:00\"; cuối ngày là \"24:00\"",
        "a time such as \"07:00\", \"24:00\" for the end of the day";
    A_ZONE = "múi giờ, như \"Asia/Ho_Chi_Minh\"", "a time zone such as \"Asia/Ho_Chi_Minh\"";
    ALIGN = "left, center hoặc right", "left, center or right";
    BRIGHTNESS = "độ sáng từ 10 đến 100 phần trăm", "brightness, 10 to 100 percent";
    CROSSFADE_MS = "số mili giây từ 0 đến 5000, như 800", "milliseconds from 0 to 5000, such as 800";
    CROSSFADE_S = "số giây từ 0 đến 5, như 0.8", "seconds from 0 to 5, such as 0.8";
    DAYPART = "id của một khung giờ", "the id of a daypart";
    DAYS = "số ngày", "a number of days";
    GAMMA = "số mũ gamma từ 30 đến 300 phần trăm; 100 giữ nguyên, lớn hơn thì tối hơn",
        "gamma, 30 to 300 percent; 100 changes nothing, more is darker";
    LANGUAGE = "vi, en, zh hoặc none", "vi, en, zh or none";
    LINES = "một dòng chữ trong ngoặc kép", "a line of text in quotes";
    LUFS = "độ lớn âm thanh từ -40 đến -10 LUFS, như -23", "a loudness from -40 to -10 LUFS, such as -23";
    PERCENT = "phần trăm từ 0 đến 100", "percent, 0 to 100";
    PIXELS = "số điểm ảnh, như 1920", "pixels, such as 1920";
    PRIORITY = "số nguyên; số lớn nhất phát trước", "a whole number; the highest plays first";
    QUOTED = "chữ trong ngoặc kép", "a text in quotes";
    SECONDS = "số giây từ 0.5 đến 86400, như 10", "seconds from 0.5 to 86400, such as 10";
    SPEED = "số điểm ảnh mỗi giây từ 10 đến 2000, như 120",
        "pixels in a second, 10 to 2000, such as 120";
    STALE = "\"keep\" hoặc \"fallback\"", "\"keep\" or \"fallback\"";
    TEMPLATE = "\"thong-bao\", \"chao-mung\", \"khan-cap\" hoặc \"trang\"",
        "\"thong-bao\" (notice), \"chao-mung\" (welcome), \"khan-cap\" (emergency) or \"trang\" (plain)";
    TEXT = "câu chữ hiện lên màn hình", "the words on the wall";
    TIMES = "giờ phát như \"08:00\"", "a time such as \"08:00\"";
    TITLE = "tiêu đề để người đọc thấy trong báo cáo", "the title that people see in reports";
    TYPEFACE = "sans hoặc serif", "sans or serif";
    VALIGN = "top, middle hoặc bottom", "top, middle or bottom";
    WALLS = "tên các màn hình, như \"W01\"", "names of walls such as \"W01\"";
    WEEKDAYS = "thứ: t2 t3 t4 t5 t6 t7 cn", "a day: mon tue wed thu fri sat sun, or t2 … t7 cn";
    YES_OR_NO = "true hoặc false", "true or false";
}

/// One thing in both languages.
pub fn say(vi: &str, en: &str) -> String {
    format!("{vi} · {en}")
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
