//! Words for how a release looks and sounds.

use crate::text::Text;

macro_rules! texts {
    ($($name:ident = $vi:literal, $en:literal;)*) => {
        $(pub const $name: Text = Text { vi: $vi, en: $en };)*
    };
}

texts! {
    AREA = "Vị trí", "Place";
    ANNOUNCEMENT = "thông báo phát thanh", "announcement";
    ANNOUNCEMENTS = "Thông báo phát thanh", "Announcements";
    ALWAYS = "mọi ngày", "every day";
    BRIGHTNESS = "Độ sáng", "Brightness";
    CANVAS = "Khung hình", "Canvas";
    CLOCK = "đồng hồ", "clock";
    CROSSFADE = "Chuyển hòa", "Crossfade";
    DAYS = "Ngày", "Days";
    DUCK = "Âm thanh chương trình khi có thông báo", "Programme's sound under announcements";
    FROM = "Từ", "From";
    GAMMA = "Gamma", "Gamma";
    LIGHT = "Ánh sáng theo giờ", "Light by the time of day";
    LOGO = "biểu trưng", "logo";
    LOOK = "Bố cục màn hình", "Layout";
    LOUDNESS_TARGET = "Độ lớn âm thanh chuẩn", "Loudness target";
    MESSAGE = "Câu", "Message";
    OVERLAY = "Lớp trên", "Overlay";
    SLIDE_NOT_HERE = "nội dung không có ở máy này, mở khi ký", "its text is not on this computer; it is shown at signing";
    SLIDES = "Trang chữ, toàn văn", "Text slides, every word";
    SOUND = "Âm thanh", "Sound";
    STYLE = "Kiểu chữ", "Style";
    TICKER = "dòng chữ chạy", "ticker";
    TICKERS = "Dòng chữ chạy, toàn văn", "Tickers, every word";
    VOLUME = "Âm lượng theo giờ", "Volume by the time of day";
    ZONE = "Vùng", "Zone";
}
