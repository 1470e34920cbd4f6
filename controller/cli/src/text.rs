//! Words for people: Vietnamese first, English beside it.

/// One text in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    pub vi: &'static str,
    pub en: &'static str,
}

/// Which language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese with English beside it.
    Both,
    Vi,
    En,
}

impl Lang {
    /// `text` as it is shown.
    pub fn of(self, text: Text) -> String {
        self.either(text.vi, text.en)
    }

    /// Words in both languages as they are shown.
    pub fn either(self, vi: &str, en: &str) -> String {
        match self {
            Self::Both if vi == en => vi.to_owned(),
            Self::Both => format!("{vi} · {en}"),
            Self::Vi => vi.to_owned(),
            Self::En => en.to_owned(),
        }
    }
}

macro_rules! texts {
    ($($name:ident = $vi:literal, $en:literal;)*) => {
        $(pub const $name: Text = Text { vi: $vi, en: $en };)*
    };
}

texts! {
    ADDED = "thêm", "added";
    AIRTIME = "Tổng thời gian", "Total";
    ALL_CONFIRMED = "Mọi màn hình đã xác nhận", "Every wall confirmed";
    AT = "Lúc", "At";
    BEFORE = "Trước", "Before";
    AFTER = "Sau", "After";
    BOARD = "Loại máy", "Board";
    EXPORT_AGAIN = "xuất lại tệp từ phần mềm đã làm ra nó", "export it again from the program that made it";
    LOUDNESS = "Độ to", "Loudness";
    PLAYS = "phát được", "plays";
    PLAYS_WITH_REMARK = "phát được, có lưu ý", "plays, with a remark";
    WILL_NOT_PLAY = "KHÔNG phát được", "will NOT play";
    CHANGE = "Thay đổi", "Change";
    CHANGED = "sửa", "changed";
    CHANNEL = "Kênh", "Channel";
    CHANGES = "Khác với bản đã phát hành", "Difference to the published release";
    CLAUSE = "Vai trò", "Role";
    COMPLETE = "Đã đủ chữ ký", "Every signature is there";
    CONFIRM = "Gõ yes để ký", "Type yes to sign";
    CONFIRM_TAKEDOWN = "Gõ yes để gỡ nội dung ngay", "Type yes to take the content down now";
    CONFIRM_OVERRIDE = "Gõ yes để phủ mẫu này lên mọi màn hình ngay, kể cả ban đêm", "Type yes to show this on every wall now, at night too";
    CONFIRM_OVERRIDE_END = "Gõ yes để trở lại chương trình", "Type yes to go back to the programme";
    DATES = "Hiệu lực", "Dates";
    DEVICE = "Thiết bị", "Device";
    CLUSTER = "Cụm", "Cluster";
    DOWN = "Không hoạt động", "Down";
    DEVICES = "Màn hình", "Walls";
    DIGEST = "SHA-256", "SHA-256";
    DRAFT = "Bản nháp", "Draft";
    EPOCH = "Kỷ nguyên", "Epoch";
    EVENT = "Sự kiện", "Event";
    DETAIL = "Chi tiết", "Detail";
    EXPIRES = "Hết hạn", "Expires";
    FACTORY = "hình xuất xưởng", "built-in slide";
    FALLBACK = "dự phòng", "fallback";
    FILE = "Tệp", "File";
    FINGERPRINT = "Dấu vân tay khoá", "Key fingerprint";
    FIRST_RELEASE = "Bản phát hành đầu tiên của kênh", "The first release of the channel";
    HOLDER = "Người giữ", "Holder";
    ISSUED = "Lập lúc", "Issued";
    ITEM = "Mục", "Item";
    LASTS = "Trong", "For";
    DRILL = "Diễn tập", "Drill";
    ENDS = "Kết thúc lệnh", "Ends override";
    ORDER = "Lệnh số", "Override";
    OVERRIDE = "Lệnh khẩn cấp", "Override";
    ONCE_BEFORE = "Dùng một lần, trước", "To be used once, before";
    TYPE_ON_DEVICE = "Gõ trên thiết bị", "Type on the device";
    NOTE_KEY = "Ghi vào cli.toml để kiểm tra biên nhận", "Note in cli.toml, to check its receipts";
    WHOLE_PROGRAMME = "toàn bộ chương trình", "the whole programme";
    DARK = "tắt theo lịch", "dark by plan";
    AGO = "trước", "ago";
    COMES_BACK = "Được chiếu lại sau khi đã gỡ", "Comes back after a takedown";
    INCIDENT = "Sự cố", "Incident";
    LANGUAGES = "Ngôn ngữ", "Languages";
    LAST_SEEN = "Liên lạc cuối", "Last seen";
    LENGTH = "Dài", "Length";
    MEDIA = "Nội dung đã kiểm từng byte", "Media, every byte checked";
    MISSING_CONFIRMATION = "Chưa xác nhận", "Not confirmed";
    MISSING_SIGNATURE = "Còn thiếu chữ ký của", "Still missing: one of";
    NEXT = "Bước tiếp theo", "Next";
    NOTE = "Ghi chú", "Note";
    NOTHING = "không có gì", "nothing";
    DEADLINE = "Hạn báo", "Deadline";
    DEPARTMENT_TOLD = "Sở đã nhận", "Department told";
    DUTY = "Nghĩa vụ báo", "Duty to notify";
    DUTY_BREACHED = "QUÁ HẠN", "BREACHED";
    DUTY_NOT_DUE = "không phải báo", "not due";
    DUTY_RUNNING = "đang tính giờ", "running";
    DUTY_SATISFIED = "đã báo đúng hạn", "satisfied";
    INCIDENT_CLOSED = "đã kết thúc", "closed";
    INCIDENT_DISMISSED = "đã bác bỏ", "dismissed";
    INCIDENT_OPEN = "ĐANG XẢY RA", "OPEN";
    INCIDENT_RECOVERING = "đang phục hồi", "recovering";
    INCIDENT_RESOLVED = "đã khắc phục", "resolved";
    OCCURRED = "Xảy ra lúc", "Occurred";
    REPORT_AGREES = "Mọi số liệu của biên bản đúng với nhật ký", "Every figure of the report follows from its log";
    REPORT_DIGEST = "Mã băm nội dung", "SHA-256 of what is signed";
    REPORT_SIGNED = "Chữ ký đúng, bằng khóa", "Signature holds, by the key";
    REPORT_SIGNED_UNCHECKED = "CHƯA kiểm tra chữ ký của khóa", "NOT checked: the signature by the key";
    REPORT_NEEDS_KEY = "muốn kiểm tra chữ ký, hãy đưa bản sao beacon.pub: --key TỆP, hoặc report_key trong cấu hình", "to check it, give a copy of beacon.pub: --key FILE, or report_key in the settings";
    REPORT_UNSIGNED = "hồ sơ này KHÔNG có chữ ký: chỉ biết số liệu đúng với nhật ký", "this report is NOT signed: all that is known is that its figures follow from its log";
    REPORT_KEY_FROM_CONTROLLER = "khóa này do chính máy chủ đưa ra: hãy so với bản beacon.pub trên máy chứng kiến", "this is the controller's own word for its key: compare it with the beacon.pub of a witness";
    NOTICE_ACCEPTED = "đã chuyển", "accepted";
    NOTICE_CONFIRMED = "đã xác nhận", "confirmed";
    NOTICE_DELIVERED = "đã đến máy nhận", "delivered";
    NOTICE_DEAD = "KHÔNG gửi được", "NOT delivered";
    NOTICE_LEASED = "đang gửi", "under way";
    NOTICE_QUEUED = "đang chờ", "waiting";
    NOTICE_ROUTE = "Đường gửi", "Route";
    NOTICE_TO = "Gửi đến", "To";
    ROUTE_FAILED = "Lỗi gần nhất", "Last failure";
    ROUTE_LEFT = "Gửi được gần nhất", "Last left";
    FAULT = "CẦN KIỂM TRA", "NEEDS A PERSON";
    NO_CHANGES = "Không khác gì", "No difference";
    ON_AIR = "Đã phát / quy định", "On air / quota";
    PLAYLIST = "Danh sách", "Playlist";
    PROGRAMME = "Chiếu gì, lúc nào", "What plays when";
    PUBLIC_RECORD = "Bản ghi công khai", "Public record";
    PUBLISHED = "Đã phát hành", "Published";
    REASON = "Lý do", "Reason";
    RELEASE = "Bản phát hành", "Release";
    REMOVED = "bỏ", "removed";
    REVOKED = "Đã thu hồi", "Revoked";
    ROLES = "Quyền", "Roles";
    SHOWING = "Đang chiếu", "Showing";
    SIGNED = "Đã ký", "Signed";
    SIGNATURES_UNCHECKED = "Chữ ký chưa được kiểm: cần --root", "Signatures not checked: give --root";
    SIGNED_BY = "Người đã ký", "Signed by";
    SITE = "Địa điểm", "Site";
    SIZE = "Cỡ", "Size";
    SOURCE = "Nguồn", "Source";
    STAGE = "Bước", "Stage";
    STATE = "Trạng thái", "State";
    STATUS = "Tình trạng", "Status";
    TAKEDOWN = "Gỡ nội dung", "Takedown";
    TEMPLATE = "mẫu khẩn cấp", "emergency slide";
    TIME = "Giờ", "Time";
    TIMES = "Số lần", "Times";
    TITLE = "Tiêu đề", "Title";
    TOKEN = "Mã đăng ký thiết bị", "Enrolment token";
    TYPE = "Loại", "Type";
    UPLOADED = "Đã tải lên", "Uploaded";
    KNOWN = "đã có sẵn", "known";
    VERSION = "Phiên bản", "Version";
    WAITING = "Đang chờ màn hình xác nhận", "Waiting for the walls to confirm";
    WHAT = "Mục bị sửa", "What";
    WINDOW = "Giờ phát", "Operating window";
    OBLIGATION = "Nghĩa vụ", "Obligation";
    WHO = "Cơ quan, đơn vị", "Who";
    WHAT_IS_OWED = "Việc", "What";
    PERIOD = "Kỳ", "Period";
    NOT_DUE_YET = "chưa đến hạn", "not due yet";
    DONE = "đã xong lúc", "done";
    DONE_LATE = "xong TRỄ lúc", "done LATE";
    OVERDUE = "QUÁ HẠN từ", "OVERDUE since";
    UNDECIDED = "chưa đủ số liệu", "records missing";
    DATE = "Ngày", "Day";
    AIR = "Đã phát", "On air";
    BY_INCIDENTS = "Ngừng do sự cố", "By incidents";
    UNEXPLAINED = "Ngừng chưa rõ lý do", "Unexplained";
    UNKNOWN = "Không có số liệu", "Unknown";
    QUOTA = "Thời lượng tối thiểu", "Quota";
    QUOTA_KEPT = "đủ", "kept";
    QUOTA_SHORT = "THIẾU", "SHORT";
    QUOTA_OPEN = "chưa xác định", "open";
    CAUSE = "Nguyên nhân", "Cause";
    INCIDENTS = "Số sự cố", "Incidents";
    FAULTS = "Hỏng thiết bị không làm dừng cụm", "Faults of components";
    STOPPED_FOR = "Thời gian ngừng trong giờ phát", "Stopped within the window";
    WROTE = "Đã ghi", "Wrote";
}
