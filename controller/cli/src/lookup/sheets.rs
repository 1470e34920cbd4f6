//! The tables that agencies fill in: which columns each has, what they mean, which words they take.
//! Reading, writing and the template all follow from here.

/// One kind of table.
#[derive(Debug)]
pub struct Sheet {
    pub key: Key,
    pub vi: &'static str,
    pub en: &'static str,
    pub shape: Shape,
    pub columns: &'static [Column],
}

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Cluster,
    Map,
    Categories,
    Units,
    Entries,
    Aliases,
    Phones,
    Hours,
    Exceptions,
    Pictures,
    Procedures,
    Applies,
    Steps,
    Documents,
    Fees,
    Legal,
    Events,
    Notices,
    Synonyms,
    Canaries,
    Emergency,
}

/// How rows of a table belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One row.
    Single,
    /// Each row is named by this column.
    Named(&'static str),
    /// Each row belongs to the entry in its column `entry`.
    OfEntry,
    /// Rows without names: the table is replaced as a whole.
    List,
}

/// One column, or one for each language.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub example: &'static str,
    pub form: Form,
    pub must: bool,
}

/// What a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    /// One column for each language; Vietnamese first.
    Localized,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// The languages of a localized column, in the order of the columns.
pub const LANGUAGES: [&str; 3] = ["vi", "zh", "en"];

impl Column {
    /// The headings of its columns.
    pub fn headings(&self) -> Vec<String> {
        match self.form {
            Form::Text | Form::Word(_) => vec![self.name.to_owned()],
            Form::Localized => {
                let heading = |language| format!("{}.{language}", self.name);
                LANGUAGES.map(heading).into()
            }
        }
    }
}

impl Sheet {
    /// All headings, from the left.
    pub fn headings(&self) -> Vec<String> {
        self.columns.iter().flat_map(Column::headings).collect()
    }

    /// The table of a name: of a sheet of a workbook or of a CSV file.
    pub fn named(name: &str) -> Option<&'static Self> {
        let first = name.split([' ', '–', '-', '·', '.']).next()?.trim();
        let is_it = |sheet: &&Self| sheet.key.as_str().eq_ignore_ascii_case(first);
        SHEETS.iter().find(is_it)
    }

    /// The table with this key.
    pub fn of(key: Key) -> &'static Self {
        let found = SHEETS.iter().find(|sheet| sheet.key == key);
        found.expect("every key has a table")
    }
}

impl Key {
    /// The key as sheets and files are called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Map => "map",
            Self::Categories => "categories",
            Self::Units => "units",
            Self::Entries => "entries",
            Self::Aliases => "aliases",
            Self::Phones => "phones",
            Self::Hours => "hours",
            Self::Exceptions => "exceptions",
            Self::Pictures => "pictures",
            Self::Procedures => "procedures",
            Self::Applies => "applies",
            Self::Steps => "steps",
            Self::Documents => "documents",
            Self::Fees => "fees",
            Self::Legal => "legal",
            Self::Events => "events",
            Self::Notices => "notices",
            Self::Synonyms => "synonyms",
            Self::Canaries => "canaries",
            Self::Emergency => "emergency",
        }
    }
}

/// Kinds of entries.
pub const KINDS: &[&str] = &[
    "place",
    "hotel",
    "food",
    "transport",
    "border",
    "invest",
    "service",
    "procedure",
    "festival",
    "notice",
];
/// Drawings of categories.
pub const ICONS: &[&str] = &[
    "accessibility",
    "bank",
    "bed",
    "border",
    "bus",
    "calendar",
    "emergency",
    "family",
    "food",
    "health",
    "invest",
    "landmark",
    "market",
    "mountain",
    "museum",
    "notice",
    "office",
    "parking",
    "passport",
    "phone",
    "service",
    "temple",
    "toilet",
    "train",
];
/// Why an alias exists.
pub const ALIAS_KINDS: &[&str] = &[
    "old_admin",
    "misspelling",
    "transliteration",
    "abbreviation",
];
/// How far something is accessible.
pub const FACILITIES: &[&str] = &["full", "partial", "none"];
/// Days of opening hours; `daily` is all seven.
pub const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun", "daily"];
/// Whose passport a traveller holds; `all` is all of them.
pub const NATIONALITIES: &[&str] = &["vn", "cn", "other", "all"];
/// Why a traveller crosses; `all` is all of them.
pub const PURPOSES: &[&str] = &[
    "tourism",
    "border_resident",
    "family",
    "business",
    "work",
    "study",
    "transit",
    "goods",
    "vehicle",
    "all",
];
/// Currencies of fees.
pub const CURRENCIES: &[&str] = &["VND", "CNY", "USD"];
/// How much a notice matters.
pub const SEVERITIES: &[&str] = &["info", "important", "urgent"];
/// Yes or no.
pub const FLAGS: &[&str] = &["yes", "no"];

macro_rules! column {
    ($must:literal $name:literal $form:expr, $vi:literal, $en:literal, $example:literal) => {
        Column {
            name: $name,
            vi: $vi,
            en: $en,
            example: $example,
            form: $form,
            must: $must,
        }
    };
}

macro_rules! sheet {
    ($key:ident $shape:expr, $vi:literal, $en:literal; $($must:literal $name:literal $form:expr, $cvi:literal, $cen:literal, $example:literal;)*) => {
        Sheet {
            key: Key::$key,
            vi: $vi,
            en: $en,
            shape: $shape,
            columns: &[$(column!($must $name $form, $cvi, $cen, $example)),*],
        }
    };
}

use Form::{Localized, Text, Word};
use Shape::{List, Named, OfEntry, Single};

/// Every table, in the order of the template.
pub const SHEETS: &[Sheet] = &[
    sheet! { Entries Named("id"), "Mục tra cứu: mỗi dòng một mục", "Entries: one line for each";
        true "id" Text, "Mã của mục: chữ thường không dấu, số, gạch nối; không đổi về sau", "Id of the entry: plain letters, digits, hyphens; never changes", "nha-tho-da-sa-pa";
        true "kind" Word(KINDS), "Loại mục", "Kind of entry", "place";
        true "category" Text, "Mã nhóm mục, như trong bảng categories", "Category, as in the sheet categories", "tham-quan";
        true "name" Localized, "Tên", "Name", "Nhà thờ đá Sa Pa";
        false "short" Localized, "Một, hai câu cho danh sách kết quả", "One or two sentences for the list of results", "Nhà thờ đá xây năm 1895.";
        false "body" Localized, "Nội dung; cách đoạn bằng một dòng trống", "Text; paragraphs are separated by an empty line", "";
        false "pinyin" Text, "Phiên âm tên tiếng Trung nếu cách đọc thường dùng bị sai, mỗi chữ một âm tiết", "Pinyin of the Chinese name where the usual reading is wrong, one syllable for each character", "";
        false "address" Localized, "Địa chỉ", "Address", "Phường Sa Pa";
        false "unit" Text, "Mã đơn vị hành chính, như trong bảng units", "Administrative unit, as in the sheet units", "";
        false "lat" Text, "Vĩ độ (độ, số thập phân)", "Latitude (decimal degrees)", "22.335";
        false "lon" Text, "Kinh độ (độ, số thập phân)", "Longitude (decimal degrees)", "103.841";
        false "price" Localized, "Giá", "Price", "Miễn phí";
        false "website" Text, "Trang web, bắt đầu bằng https://", "Website, beginning with https://", "";
        false "wheelchair" Word(FACILITIES), "Lối đi cho xe lăn", "Access by wheelchair", "partial";
        false "toilet" Word(FACILITIES), "Nhà vệ sinh tiếp cận được", "Accessible toilet", "";
        false "parking" Word(FACILITIES), "Chỗ đỗ xe tiếp cận được", "Accessible parking", "";
        false "route" Localized, "Đường đi từ tủ tra cứu", "The way from the kiosk", "";
        false "popularity" Text, "Mức quan tâm 0–1000: cao hơn đứng trước", "Popularity 0–1000: higher comes first", "900";
        false "valid_from" Text, "Hiển thị từ (23/11/2026 hoặc 23/11/2026 07:00)", "Shown from (23/11/2026 or 23/11/2026 07:00)", "";
        false "valid_until" Text, "Hiển thị đến trước", "Shown until before", "";
        false "audio" Localized, "Tệp đọc thành tiếng (.opus) trong thư mục media", "Spoken text (.opus) in the folder media", "";
        true "owner" Text, "Đơn vị chịu trách nhiệm về mục này", "Unit that answers for the entry", "Sở Du lịch";
        true "source" Text, "Nguồn thông tin", "Where the facts come from", "Sở Du lịch";
        false "verified" Text, "Ngày kiểm tra gần nhất", "Day of the last check", "23/11/2026";
    },
    sheet! { Aliases OfEntry, "Tên gọi khác, tên cũ, lỗi gõ thường gặp", "Other names, old names, usual misspellings";
        true "entry" Text, "Mã của mục", "Id of the entry", "nha-tho-da-sa-pa";
        true "text" Text, "Tên gọi khác", "The other name", "Chapa church";
        true "kind" Word(ALIAS_KINDS), "Vì sao có tên này", "Why it exists", "transliteration";
    },
    sheet! { Phones OfEntry, "Điện thoại", "Telephones";
        true "entry" Text, "Mã của mục", "Id of the entry", "nha-tho-da-sa-pa";
        true "number" Text, "Số: 3–15 chữ số, có thể có + và mã nước; định dạng ô là văn bản", "Number: 3–15 digits, + before a country code; format the cell as text", "+842143871222";
        false "label" Localized, "Ghi chú", "Label", "";
    },
    sheet! { Hours OfEntry, "Giờ mở cửa trong tuần; nghỉ trưa thì ghi hai dòng", "Opening hours of the week; two lines for a break at noon";
        true "entry" Text, "Mã của mục", "Id of the entry", "nha-tho-da-sa-pa";
        true "day" Word(DAYS), "Thứ (daily: mọi ngày)", "Day (daily: all of them)", "daily";
        true "opens" Text, "Mở cửa", "Opens", "08:00";
        true "closes" Text, "Đóng cửa; sớm hơn giờ mở nghĩa là ngày hôm sau", "Closes; earlier than it opens: on the next day", "17:00";
    },
    sheet! { Exceptions OfEntry, "Ngày có giờ khác: lễ, Tết", "Days with other hours: holidays, Tết";
        true "entry" Text, "Mã của mục", "Id of the entry", "nha-tho-da-sa-pa";
        true "date" Text, "Ngày dương lịch", "Date", "06/02/2027";
        false "opens" Text, "Mở cửa; để trống cả hai: đóng cả ngày", "Opens; both empty: closed all day", "";
        false "closes" Text, "Đóng cửa", "Closes", "";
        false "note" Localized, "Lý do", "Reason", "Nghỉ Tết";
    },
    sheet! { Pictures OfEntry, "Hình ảnh của mục", "Pictures of entries";
        true "entry" Text, "Mã của mục", "Id of the entry", "nha-tho-da-sa-pa";
        true "file" Text, "Tên tệp trong thư mục media: .webp, .avif hoặc .mp4", "File in the folder media: .webp, .avif or .mp4", "nha-tho-da.webp";
        true "alt" Localized, "Mô tả cho người không nhìn thấy hình", "What is seen, for those who do not see it", "Nhà thờ đá, mặt trước";
        true "credit" Text, "Tác giả", "Who made it", "Sở Du lịch";
        true "licence" Text, "Giấy phép sử dụng", "Licence", "Được phép";
    },
    sheet! { Procedures OfEntry, "Thủ tục: cho mỗi mục loại procedure", "Procedures: for each entry of kind procedure";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "effective" Text, "Ngày có hiệu lực", "First day on which it holds", "15/08/2025";
    },
    sheet! { Applies OfEntry, "Thủ tục áp dụng cho ai", "Whom a procedure is for";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "nationality" Word(NATIONALITIES), "Quốc tịch hộ chiếu", "Whose passport", "cn";
        true "purpose" Word(PURPOSES), "Mục đích qua cửa khẩu", "Why they cross", "tourism";
    },
    sheet! { Steps OfEntry, "Các bước của thủ tục, theo thứ tự", "Steps of a procedure, in order";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "text" Localized, "Việc phải làm", "What to do", "Điền tờ khai";
    },
    sheet! { Documents OfEntry, "Giấy tờ cần mang", "Papers to bring";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "name" Localized, "Tên giấy tờ", "Name of the paper", "Hộ chiếu còn hạn";
        true "required" Word(FLAGS), "Bắt buộc?", "Required?", "yes";
    },
    sheet! { Fees OfEntry, "Phí, lệ phí", "Fees";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "name" Localized, "Tên khoản phí", "Name of the fee", "Lệ phí thị thực";
        true "amount" Text, "Số tiền: đồng; CNY và USD tính bằng phần trăm (fen, cent)", "Amount: whole đồng; CNY and USD in hundredths (fen, cents)", "2500";
        true "currency" Word(CURRENCIES), "Loại tiền", "Currency", "USD";
    },
    sheet! { Legal OfEntry, "Căn cứ pháp lý", "Legal basis";
        true "entry" Text, "Mã của mục", "Id of the entry", "thi-thuc-dien-tu";
        true "document" Text, "Số, tên văn bản", "Number and title of the document", "Luật 47/2014/QH13";
        false "clause" Text, "Điều, khoản", "Clause", "Điều 19a";
    },
    sheet! { Events OfEntry, "Ngày diễn ra lễ hội: cho mỗi mục loại festival; âm lịch thì ghi ngày dương của từng năm", "Dates of festivals: for each entry of kind festival; lunar feasts year by year";
        true "entry" Text, "Mã của mục", "Id of the entry", "le-hoi-den-thuong";
        true "first" Text, "Ngày đầu", "First day", "20/02/2027";
        true "last" Text, "Ngày cuối", "Last day", "21/02/2027";
    },
    sheet! { Notices OfEntry, "Thông báo: cho mỗi mục loại notice", "Notices: for each entry of kind notice";
        true "entry" Text, "Mã của mục", "Id of the entry", "tam-dung-thong-quan";
        true "severity" Word(SEVERITIES), "Mức độ; urgent chiếm cả màn hình", "How much it matters; urgent takes the whole screen", "important";
        true "from" Text, "Từ", "From", "23/11/2026 07:00";
        false "until" Text, "Đến; để trống: đến khi rút", "Until; empty: until it is withdrawn", "24/11/2026 07:00";
    },
    sheet! { Categories Named("id"), "Nhóm mục", "Categories";
        true "id" Text, "Mã nhóm", "Id of the category", "tham-quan";
        false "parent" Text, "Mã nhóm cha", "Category above it", "";
        true "name" Localized, "Tên nhóm", "Name", "Tham quan";
        true "icon" Word(ICONS), "Hình vẽ", "Drawing", "landmark";
    },
    sheet! { Units Named("code"), "Đơn vị hành chính, với tên cũ", "Administrative units, with old names";
        true "code" Text, "Mã đơn vị; định dạng ô là văn bản để giữ số 0 đứng đầu", "Code; format the cell as text so that the leading 0 stays", "02647";
        true "name" Localized, "Tên", "Name", "Phường Lào Cai";
        false "old_names" Text, "Tên cũ, cách nhau bằng dấu chấm phẩy", "Old names, separated by semicolons", "Phường Duyên Hải; Phường Cốc Lếu";
        false "lat" Text, "Vĩ độ", "Latitude", "";
        false "lon" Text, "Kinh độ", "Longitude", "";
    },
    sheet! { Cluster Single, "Nơi đặt tủ tra cứu: một dòng", "Where the kiosk stands: one line";
        true "site" Text, "Mã địa bàn, như trong tài liệu gốc", "Site, as in the root document", "lao-cai";
        true "name" Localized, "Tên cụm", "Name", "Cửa khẩu quốc tế Lào Cai";
        true "address" Localized, "Địa chỉ", "Address", "Phường Lào Cai";
        true "staff" Localized, "Chỗ có người giúp", "Where somebody helps", "Quầy thông tin, tầng 1";
        true "lat" Text, "Vĩ độ", "Latitude", "22.506";
        true "lon" Text, "Kinh độ", "Longitude", "103.966";
        false "opens" Text, "Mở cửa (mặc định 07:00)", "Opens (07:00 by default)", "07:00";
        false "closes" Text, "Đóng cửa (mặc định 22:00)", "Closes (22:00 by default)", "22:00";
    },
    sheet! { Emergency List, "Số khẩn cấp, gọi được cả khi tủ đóng", "Whom to call in need, shown even when the kiosk is closed";
        true "name" Localized, "Tên", "Name", "Công an";
        true "number" Text, "Số điện thoại; định dạng ô là văn bản", "Telephone number; format the cell as text", "113";
    },
    sheet! { Synonyms List, "Từ đồng nghĩa, mọi thứ tiếng", "Words that mean the same, in any language";
        true "words" Text, "Các từ, cách nhau bằng dấu chấm phẩy", "The words, separated by semicolons", "đổi tiền; money exchange; 换钱";
    },
    sheet! { Canaries List, "Câu hỏi kiểm tra; để trống thì máy tự chọn", "Canary queries; left empty they are chosen for you";
        true "query" Text, "Chữ khách gõ", "What a visitor types", "nha tho da";
        true "expect" Text, "Mã các mục phải tìm thấy, cách nhau bằng dấu chấm phẩy", "Entries it must find, separated by semicolons", "nha-tho-da-sa-pa";
    },
    sheet! { Map Single, "Bản đồ nền: một dòng", "The picture of the map: one line";
        true "file" Text, "Tên tệp trong thư mục media, hướng bắc ở trên", "File in the folder media, north up", "ban-do.webp";
        true "north" Text, "Vĩ độ mép trên", "Latitude of the upper edge", "22.60";
        true "west" Text, "Kinh độ mép trái", "Longitude of the left edge", "103.80";
        true "south" Text, "Vĩ độ mép dưới", "Latitude of the lower edge", "22.30";
        true "east" Text, "Kinh độ mép phải", "Longitude of the right edge", "104.10";
        true "alt" Localized, "Mô tả cho người không nhìn thấy", "What is seen, for those who do not see it", "Bản đồ cửa khẩu";
        true "credit" Text, "Tác giả", "Who made it", "© OpenStreetMap";
        true "licence" Text, "Giấy phép sử dụng", "Licence", "ODbL";
    },
];
