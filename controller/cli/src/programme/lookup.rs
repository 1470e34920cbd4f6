//! `[lookup]`: the content package of the channel's kiosks.

use super::reader::Section;
use super::words::{self, say};
use super::{LookupPlan, MediaRef};
use crate::lookup::Package;
use std::path::Path;

/// The package that the programme names, beside it in `folder`.
pub fn read(top: &Section<'_>, folder: &Path) -> Option<LookupPlan> {
    let section = top.section("lookup")?;
    let named: Option<String> = section.required("package", words::A_FOLDER);
    let place = section.place("package");
    section.check_known();
    match Package::in_folder(&folder.join(named?)) {
        Ok(package) => Some(LookupPlan {
            place,
            content: MediaRef::File(package.content.clone()),
            media: package.media.iter().cloned().map(MediaRef::File).collect(),
            package,
        }),
        Err(error) => {
            section.mistake(
                "package",
                say(
                    "không phải thư mục của gói nội dung; hãy tạo bằng cotmoc lookup build",
                    &format!("{error:#}"),
                ),
            );
            None
        }
    }
}
