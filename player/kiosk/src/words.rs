//! What the pages themselves say, in the three languages. Whatever comes from agencies stands in the
//! content package, not here.

use cotmoc_lookup::Language;

macro_rules! words {
    ($($key:ident: $vi:literal, $zh:literal, $en:literal;)*) => {
        /// The words of the pages in one language.
        #[derive(Debug)]
        pub struct Words {
            pub language: Language,
            $(pub $key: &'static str,)*
        }

        static VI: Words = Words { language: Language::Vi, $($key: $vi,)* };
        static ZH: Words = Words { language: Language::Zh, $($key: $zh,)* };
        static EN: Words = Words { language: Language::En, $($key: $en,)* };

        impl Words {
            /// What is called `key`: for what is read aloud.
            #[must_use]
            pub fn get(&self, key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($key) => Some(self.$key),)*
                    _ => None,
                }
            }

            #[cfg(test)]
            pub(crate) const KEYS: &'static [&'static str] = &[$(stringify!($key),)*];
        }
    };
}

impl Words {
    /// The words of `language`.
    #[must_use]
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Vi => &VI,
            Language::Zh => &ZH,
            Language::En => &EN,
        }
    }
}

words! {
    touch_to_start: "Chạm để bắt đầu", "触摸屏幕开始", "Touch to start";
    welcome: "Kính chào quý khách", "欢迎光临", "Welcome";
    what_for: "Du lịch · thủ tục cửa khẩu · đầu tư · bản đồ", "旅游 · 口岸手续 · 投资 · 地图", "Travel · border procedures · investment · maps";
    home: "Trang chính", "首页", "Home";
    back: "Quay lại", "返回", "Back";
    emergency: "Khẩn cấp", "紧急求助", "Emergency";
    help: "Khẩn cấp và trợ giúp", "紧急求助与帮助", "Emergency and help";
    accessibility: "Trợ năng", "无障碍", "Accessibility";
    finish: "Kết thúc", "结束", "Finish";
    languages: "Ngôn ngữ", "语言", "Language";
    staff: "Cần người giúp?", "需要工作人员？", "Need a person?";
    staff_at: "Nhân viên hỗ trợ tại", "工作人员在", "Staff will help you at";
    what_do_you_need: "Quý khách cần tìm gì?", "您想找什么？", "What are you looking for?";
    search: "Tìm kiếm", "搜索", "Search";
    search_hint: "Tên nơi chốn, thủ tục, dịch vụ", "地点、手续、服务的名称", "A place, procedure or service";
    search_box: "Ô tìm kiếm", "搜索框", "Search box";
    results: "Kết quả", "结果", "Results";
    no_results: "Không tìm thấy. Xin thử từ ngắn hơn hoặc chọn một nhóm.", "没有找到。请试试更短的词，或选择一个类别。", "Nothing found. Try a shorter word, or choose a group.";
    found_one: "1 kết quả", "1 个结果", "1 result";
    found: "kết quả", "个结果", "results";
    popular: "Được tìm nhiều", "热门查询", "Often looked for";
    all: "Tất cả", "全部", "All";
    categories: "Các nhóm thông tin", "信息类别", "Topics";
    map: "Bản đồ", "地图", "Map";
    show_on_map: "Xem trên bản đồ", "在地图上查看", "Show on the map";
    you_are_here: "Quý khách đang ở đây", "您在这里", "You are here";
    map_note: "Sơ đồ theo tọa độ, khoảng cách đường chim bay", "按坐标绘制的示意图，直线距离", "Schematic map by coordinates, distances as the crow flies";
    nearer: "Gần hơn", "放大", "Closer";
    farther: "Xa hơn", "缩小", "Farther";
    nothing_near: "Không có địa điểm nào trong phạm vi này.", "此范围内没有地点。", "There is nothing within this distance.";
    north: "Bắc", "北", "N";
    procedures: "Thủ tục cửa khẩu", "口岸手续", "Border procedures";
    which_passport: "Quý khách mang hộ chiếu nước nào?", "您持哪国护照？", "Which passport do you hold?";
    which_purpose: "Quý khách đi lại với mục đích gì?", "您出行的目的是什么？", "What is the purpose of your journey?";
    vn: "Việt Nam", "越南", "Viet Nam";
    cn: "Trung Quốc", "中国", "China";
    other: "Nước khác", "其他国家", "Another country";
    tourism: "Du lịch", "旅游", "Tourism";
    border_resident: "Cư dân biên giới qua lại trong ngày", "边境居民当日往返", "Border resident, day crossing";
    family: "Thăm thân nhân", "探亲", "Visiting family";
    business: "Công tác, thương mại", "商务", "Business";
    work: "Lao động", "工作", "Work";
    study: "Học tập", "学习", "Study";
    transit: "Quá cảnh", "过境", "Transit";
    goods: "Mang theo hàng hóa", "携带货物", "Carrying goods";
    vehicle: "Lái phương tiện qua biên giới", "驾车过境", "Driving a vehicle across";
    checklist: "Những việc cần làm", "办理清单", "What you need to do";
    step: "Bước", "步骤", "Step";
    no_procedure: "Chưa có thủ tục nào được đăng cho lựa chọn này. Xin hỏi nhân viên.", "此选项暂无手续信息，请咨询工作人员。", "No procedure is listed for this choice. Please ask the staff.";
    change_choice: "Chọn lại", "重新选择", "Choose again";
    documents: "Giấy tờ cần mang", "所需材料", "Documents to bring";
    in_some_cases: "tùy trường hợp", "视情况而定", "in some cases";
    steps: "Các bước", "步骤", "Steps";
    fees: "Lệ phí", "费用", "Fees";
    legal_basis: "Căn cứ pháp lý", "法律依据", "Legal basis";
    effective: "Hiệu lực từ", "生效日期", "In force from";
    applies_to: "Dành cho", "适用于", "For";
    invest: "Đầu tư", "投资", "Investment";
    notices: "Thông báo", "通知", "Notices";
    no_notices: "Hiện không có thông báo nào.", "目前没有通知。", "There are no notices at present.";
    important: "Quan trọng", "重要", "Important";
    urgent: "Khẩn", "紧急通知", "Urgent";
    info: "Thông tin", "信息", "Information";
    understood: "Đã hiểu, tiếp tục", "已知晓，继续", "Understood, continue";
    since: "Từ", "自", "Since";
    until: "đến", "至", "until";
    festivals: "Lễ hội", "节庆活动", "Festivals";
    no_festivals: "Chưa có lịch lễ hội.", "暂无节庆日程。", "No festivals are listed yet.";
    now_on: "Đang diễn ra", "正在举行", "On now";
    past: "Đã qua", "已结束", "Past";
    emergency_numbers: "Gọi khi khẩn cấp", "紧急电话", "Call in an emergency";
    phone: "Điện thoại", "电话", "Telephone";
    address: "Địa chỉ", "地址", "Address";
    hours: "Giờ mở cửa", "开放时间", "Opening hours";
    open_now: "Đang mở cửa", "营业中", "Open now";
    closed_now: "Đang đóng cửa", "已关门", "Closed now";
    closes_at: "đóng cửa lúc", "关门时间", "closes at";
    opens_at: "mở cửa lúc", "开门时间", "opens at";
    open_all_day: "Mở cả ngày", "全天开放", "Open all day";
    closed_today: "Nghỉ", "休息", "Closed";
    mon: "Thứ Hai", "星期一", "Monday";
    tue: "Thứ Ba", "星期二", "Tuesday";
    wed: "Thứ Tư", "星期三", "Wednesday";
    thu: "Thứ Năm", "星期四", "Thursday";
    fri: "Thứ Sáu", "星期五", "Friday";
    sat: "Thứ Bảy", "星期六", "Saturday";
    sun: "Chủ nhật", "星期日", "Sunday";
    price: "Giá", "价格", "Price";
    away: "cách đây {}", "距此 {}", "{} away";
    wheelchair_yes: "Xe lăn vào được", "轮椅可进入", "Wheelchair access";
    wheelchair_partial: "Xe lăn vào được một phần", "轮椅可部分进入", "Partial wheelchair access";
    wheelchair_no: "Xe lăn không vào được", "轮椅无法进入", "No wheelchair access";
    toilet: "Có nhà vệ sinh", "有卫生间", "Toilet";
    parking: "Có chỗ đỗ xe", "有停车场", "Parking";
    verified: "Kiểm tra ngày", "核实日期", "Checked on";
    source: "Nguồn", "来源", "Source";
    updated: "Nội dung cập nhật ngày", "内容更新于", "Content updated on";
    take_along: "Mang theo", "带走信息", "Take it along";
    scan_entry: "Quét bằng điện thoại để lưu thông tin này", "用手机扫码保存此信息", "Scan with your phone to keep this";
    scan_route: "Quét để mở chỉ đường trên điện thoại", "扫码在手机上导航", "Scan to open the way on your phone";
    scan_website: "Quét để mở trang web", "扫码打开网站", "Scan to open the website";
    scan_checklist: "Quét để mang danh sách này theo", "扫码带走此清单", "Scan to take this list along";
    scan_feedback: "Hoặc viết trên điện thoại của quý khách", "或在您的手机上填写", "Or write it on your own phone";
    read_aloud: "Đọc to", "朗读", "Read aloud";
    stop_reading: "Dừng đọc", "停止朗读", "Stop reading";
    something_wrong: "Thông tin chưa đúng?", "信息有误？", "Something wrong here?";
    feedback: "Góp ý", "意见反馈", "Feedback";
    feedback_question: "Quý khách thấy tủ tra cứu này thế nào?", "您觉得本查询机怎么样？", "How do you find this kiosk?";
    feedback_about: "Góp ý về", "关于", "About";
    very_good: "Rất tốt", "非常好", "Very good";
    good: "Tốt", "好", "Good";
    poor: "Chưa tốt", "不太好", "Poor";
    very_poor: "Rất kém", "很差", "Very poor";
    why: "Vì sao? (không bắt buộc)", "原因？（可不填）", "Why? (optional)";
    reason_wrong: "Thông tin sai", "信息错误", "Wrong information";
    reason_old: "Thông tin cũ", "信息过时", "Out of date";
    reason_missing: "Không tìm thấy", "找不到", "Could not find it";
    reason_hard: "Khó dùng", "不好用", "Hard to use";
    reason_language: "Bản dịch khó hiểu", "翻译难懂", "Poor translation";
    reason_screen: "Màn hình, âm thanh hỏng", "屏幕或声音故障", "Screen or sound broken";
    reason_place: "Khu vực, vệ sinh", "环境卫生", "The place, cleanliness";
    write_more: "Viết thêm (không bắt buộc, tối đa 500 ký tự)", "补充说明（可不填，最多 500 字）", "Add a note (optional, 500 characters at most)";
    no_names: "Xin đừng viết họ tên, số điện thoại hay số giấy tờ.", "请勿填写姓名、电话或证件号码。", "Please leave out names, telephone and document numbers.";
    send: "Gửi góp ý", "提交", "Send";
    thanks: "Cảm ơn quý khách đã góp ý!", "感谢您的反馈！", "Thank you for your feedback!";
    feedback_once: "Góp ý của quý khách trong lượt này đã được nhận.", "本次反馈已收到。", "Your feedback of this visit has been received.";
    feedback_wait: "Xin chờ vài giây rồi gửi lại.", "请稍候几秒再提交。", "Please wait a few seconds and send again.";
    choose_face: "Xin chọn một khuôn mặt trước.", "请先选择一个表情。", "Please choose a face first.";
    text_size: "Cỡ chữ", "字体大小", "Text size";
    normal: "Vừa", "标准", "Normal";
    large: "Lớn", "大", "Large";
    very_large: "Rất lớn", "特大", "Very large";
    contrast: "Tương phản", "对比度", "Contrast";
    contrast_normal: "Thông thường", "普通", "Normal colours";
    contrast_high: "Tương phản cao", "高对比度", "High contrast";
    reach: "Vị trí nút bấm", "按钮位置", "Position of buttons";
    reach_normal: "Toàn màn hình", "全屏", "Whole screen";
    reach_low: "Hạ thấp, trong tầm tay", "降低到触手可及处", "Low, within reach";
    speech: "Đọc màn hình bằng giọng nói", "语音朗读屏幕", "Speak what is on the screen";
    speech_off: "Tắt", "关闭", "Off";
    speech_on: "Bật", "开启", "On";
    keypad_help: "Bàn phím nổi: mũi tên hoặc Tab để di chuyển, Enter để chọn, Esc để quay lại.", "触觉键盘：方向键或 Tab 键移动，回车键选择，Esc 键返回。", "Tactile keypad: arrows or Tab to move, Enter to choose, Esc to go back.";
    in_use: "đang chọn", "已选", "in use";
    still_there: "Quý khách còn ở đây không?", "您还在吗？", "Are you still there?";
    still_there_why: "Màn hình sẽ trở về trang đầu và quên mọi thứ quý khách đã xem.", "屏幕即将返回首页，并清除您查看过的内容。", "The screen will go back to the start and forget what you looked at.";
    seconds: "giây", "秒", "seconds";
    i_am_here: "Tôi vẫn ở đây", "我还在", "I am still here";
    closed: "Tủ tra cứu đang nghỉ", "查询机休息中", "The kiosk is resting";
    closed_until: "Phục vụ trở lại lúc", "恢复服务时间", "It serves again at";
    serves: "Giờ phục vụ", "服务时间", "Hours of service";
    out_of_order: "Tủ tra cứu tạm thời chưa phục vụ được", "查询机暂停服务", "The kiosk is out of service for now";
    out_of_order_why: "Nội dung đã được kiểm duyệt chưa có trên máy. Bộ phận kỹ thuật đã được báo.", "设备上暂无经审核的内容，技术人员已收到通知。", "The approved content is not on this machine. Technicians have been told.";
    scroll_up: "Lên", "向上", "Up";
    scroll_down: "Xuống", "向下", "Down";
    clear: "Xóa hết", "清空", "Clear";
    delete: "Xóa", "删除", "Delete";
    space: "Dấu cách", "空格", "Space";
    shift: "Chữ hoa", "大写", "Capitals";
    digits: "123", "123", "123";
    letters: "ABC", "ABC", "ABC";
    keyboard: "Bàn phím", "键盘", "Keyboard";
    hide_keyboard: "Ẩn bàn phím", "隐藏键盘", "Hide the keyboard";
    show_keyboard: "Hiện bàn phím", "显示键盘", "Show the keyboard";
    tone_acute: "dấu sắc", "锐声", "acute tone";
    tone_grave: "dấu huyền", "玄声", "grave tone";
    tone_hook: "dấu hỏi", "问声", "hook tone";
    tone_tilde: "dấu ngã", "跌声", "tilde tone";
    tone_dot: "dấu nặng", "重声", "dot tone";
    not_found: "Không có trang này", "没有此页", "There is no such page";
    none_here: "Nhóm này chưa có mục nào.", "此类别暂无内容。", "There is nothing in this group yet.";
    more: "Xem thêm", "更多", "Show more";
    groups: "Nhóm nhỏ hơn", "子类别", "Smaller groups";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_exists_in_every_language_and_in_its_own_script() {
        let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        for key in Words::KEYS {
            for language in Language::ALL {
                let word = Words::of(language).get(key).unwrap();
                assert!(!word.trim().is_empty(), "{key} {language}");
                let has_han = word.chars().any(is_han);
                let has_letters = word.chars().any(char::is_alphabetic);
                let is_latin = word.is_ascii() && key.len() <= 7;
                assert!(
                    has_han == (language == Language::Zh) || is_latin && !has_han,
                    "{key} {language}: {word}"
                );
                assert!(has_letters || *key == "digits", "{key} {language}: {word}");
            }
        }
        assert_eq!(Words::of(Language::En).get("no such word"), None);
    }
}
