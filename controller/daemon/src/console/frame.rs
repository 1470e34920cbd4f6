//! What every page behind the sign-in has around its content, and the page that says what went wrong.

use super::session::SignedIn;
use super::words::{Words, words};
use crate::accounts::AccountError;
use crate::app::App;
use crate::clock;
use crate::http::ApiError;
use crate::incidents::DeskError;
use crate::store::StoreError;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use cotmoc_controller_core::incident::Refused;
use cotmoc_controller_core::maintenance::NotAnnounced;
use cotmoc_controller_core::role::{Right, Role};
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::window::OperatingWindow;

/// Title, place, time, and who is signed in.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) title: Words,
    pub(super) site: String,
    pub(super) now: String,
    pub(super) now_ms: i64,
    pub(super) who: Option<Who>,
}

#[derive(Debug)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) role: Words,
    pub(super) csrf: String,
    pub(super) administers: bool,
    pub(super) maintains: bool,
}

impl Frame {
    pub(super) fn new(title: Words, app: &App, who: Option<&SignedIn>) -> Self {
        let site = app
            .published()
            .root
            .as_ref()
            .map(|root| root.site.to_string());
        Self {
            site: site.unwrap_or_default(),
            who: who.map(|who| Who {
                name: who.name.clone(),
                role: role(who.role),
                csrf: who.csrf.clone(),
                administers: who.role.may(Right::Administer),
                maintains: who.role.may(Right::Maintain),
            }),
            ..Self::bare(title)
        }
    }

    fn bare(title: Words) -> Self {
        let now = clock::now();
        Self {
            title,
            site: String::new(),
            now: OperatingWindow::default().zone.format(now),
            now_ms: now.0,
            who: None,
        }
    }
}

/// A role, for people.
pub(super) fn role(role: Role) -> Words {
    match role {
        Role::Operator => words("Trực vận hành", "operator"),
        Role::Technician => words("Kỹ thuật viên", "technician"),
        Role::Auditor => words("Kiểm tra", "auditor"),
        Role::Administrator => words("Quản trị", "administrator"),
    }
}

/// Something that did not work, as a page.
#[derive(Debug)]
pub(super) struct Problem {
    pub status: StatusCode,
    pub words: Words,
    wait_s: Option<u32>,
}

#[derive(Debug, Template)]
#[template(path = "problem.html")]
struct Page {
    frame: Frame,
    words: Words,
}

impl Problem {
    pub(super) fn new(status: StatusCode, words: Words) -> Self {
        Self {
            status,
            words,
            wait_s: None,
        }
    }

    /// The role does not allow it.
    pub(super) fn forbidden() -> Self {
        let said = words(
            "Vai trò của bạn không được làm việc này.",
            "Your role does not allow this.",
        );
        Self::new(StatusCode::FORBIDDEN, said)
    }

    /// Whoever would agree has an account that the same administrator has handed out as the first one's.
    pub(super) fn too_new(hours: i64) -> Self {
        let vi = format!(
            "Tài khoản này mới được cùng một quản trị viên tạo, mở lại hoặc đặt mật khẩu như tài khoản của người đề nghị; \
             phải sau {hours} giờ mới được đồng ý. Hãy nhờ một người khác."
        );
        let en = format!(
            "The same administrator has just made this account, opened it again or given it a password, and the \
             first one's as well; it may agree after {hours} hours. Ask somebody else."
        );
        Self::new(StatusCode::CONFLICT, words(vi, en))
    }

    /// A form that says nothing where it must.
    pub(super) fn incomplete() -> Self {
        let said = words(
            "Biểu mẫu thiếu hoặc sai thông tin.",
            "The form is not complete.",
        );
        Self::new(StatusCode::BAD_REQUEST, said)
    }

    pub(super) fn unknown() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            words("Không có trang này.", "There is no such page."),
        )
    }

    fn internal() -> Self {
        let said = words(
            "Bộ điều khiển gặp lỗi; xem nhật ký của nó.",
            "The controller failed; look into its log.",
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, said)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = Page {
            frame: Frame::bare(words("Không thực hiện được", "That did not work")),
            words: self.words,
        };
        let mut response = (self.status, written(&page)).into_response();
        if let Some(seconds) = self.wait_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The page as HTML.
pub(super) fn written(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            ApiError::internal().into_response()
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a page of the console could not read or store");
        let said = words(
            "Cơ sở dữ liệu đang bận hoặc không ghi được; hãy thử lại.",
            "The database is busy or cannot be written; try again.",
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, said)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let en = format!("{error}.");
        let (status, vi) = match error {
            AccountError::Wait(seconds) => {
                let vi = format!("Thử quá nhiều lần; hãy đợi {seconds} giây.");
                return Self {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    words: words(vi, en),
                    wait_s: Some(seconds),
                };
            }
            AccountError::Wrong => (StatusCode::UNAUTHORIZED, "Tên hoặc mật khẩu không đúng."),
            AccountError::WrongCode => (StatusCode::UNAUTHORIZED, "Mã không đúng."),
            AccountError::NotFirst => (StatusCode::CONFLICT, "Đã có quản trị viên."),
            AccountError::Weak => (
                StatusCode::BAD_REQUEST,
                "Mật khẩu phải có từ 12 đến 256 ký tự và khác tên đăng nhập.",
            ),
            AccountError::Name => (
                StatusCode::BAD_REQUEST,
                "Tên đăng nhập gồm 2 đến 32 ký tự a-z, 0-9, “.”, “-”, “_”, và phải có họ tên.",
            ),
            AccountError::Taken => (StatusCode::CONFLICT, "Tên đăng nhập này đã có."),
            AccountError::NoChange => (
                StatusCode::CONFLICT,
                "Không có tài khoản này, hoặc đó là quản trị viên cuối cùng.",
            ),
            AccountError::Randomness => return Self::internal(),
            AccountError::Store(error) => return error.into(),
        };
        Self::new(status, words(vi, en))
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unknown(id) => {
                let (vi, en) = (
                    format!("Không có sự cố {id}."),
                    format!("There is no incident {id}."),
                );
                Self::new(StatusCode::NOT_FOUND, words(vi, en))
            }
            DeskError::Refused(refused) => {
                let vi = refusal(&refused);
                Self::new(StatusCode::CONFLICT, words(vi, format!("{refused}.")))
            }
            DeskError::Store(error) => error.into(),
        }
    }
}

fn refusal(refused: &Refused) -> String {
    let text = match refused {
        Refused::Opening => "Một sự cố chỉ mở một lần.",
        Refused::Over => "Sự cố đã kết thúc hoặc đã bị bác bỏ.",
        Refused::SamePerson => "Người đề nghị không thể tự đồng ý; cần một người khác.",
        Refused::NotProposed => "Chưa có ai đề nghị.",
        Refused::Security => {
            "Sự cố an toàn thông tin không thể bác bỏ; hãy kết thúc với nguyên nhân và cách khắc phục."
        }
        Refused::NotResolved => "Sự cố chưa được khắc phục.",
        Refused::DutyOpen => "Sở chưa được thông báo.",
        Refused::TooLate(_) => "Đã khắc phục quá lâu: đây là sự cố mới.",
        Refused::TooLong(most) => {
            return format!("Lời nhắc chỉ tạm ngừng tối đa {} phút.", most / MINUTE);
        }
        Refused::NoFault => "Chỉ hỏng hóc của một thành phần mới nhập vào sự cố khác.",
    };
    text.to_owned()
}

impl From<NotAnnounced> for Problem {
    fn from(error: NotAnnounced) -> Self {
        let vi = match error {
            NotAnnounced::Backwards => "Thời điểm kết thúc phải sau khi bắt đầu.",
            NotAnnounced::TooLong => "Mỗi đợt bảo trì dài tối đa 24 giờ.",
            NotAnnounced::Past => "Thời gian này đã qua.",
        };
        Self::new(StatusCode::BAD_REQUEST, words(vi, format!("{error}.")))
    }
}
