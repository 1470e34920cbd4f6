use super::*;
use proptest::prelude::*;

#[test]
fn marks_case_width_and_script_are_folded() {
    for (text, folded) in [
        ("Đồng Đăng", "dong dang"),
        ("Thị xã Sa Pả", "thi xa sa pa"),
        ("e\u{309}i", "ei"),
        ("Ｌａｏ　Ｃａｉ", "lao cai"),
        ("O’Quy Hồ", "oquy ho"),
        ("老街國際口岸", "老街国际口岸"),
        ("İSTANBUL", "istanbul"),
        ("ﬁ①", "fi1"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn traditional_characters_are_their_simplified_ones() {
    let pairs = "丟丢並并乾干亂乱來来係系個个們们備备傳传價价優优兒儿內内兩两別别劉刘勝胜區区\
                 協协參参叢丛國国園园圓圆圖图團团報报場场塊块壓压壞坏夢梦學学實实寧宁專专\
                 導导將将島岛嶺岭幣币幾几廟庙廠厂廣广廳厅張张彎弯後后從从復复愛爱慶庆應应\
                 戶户換换據据擇择擊击支支數数斷断於于時时書书會会東东條条業业極极樓楼樣样\
                 橋桥機机檢检歐欧歲岁歷历歸归殘残氣气漁渔漢汉濟济灣湾無无為为燈灯爾尔狀状\
                 獅狮獨独現现產产畫画發发眾众確确禮礼種种稱称積积穩稳競竞筆笔節节籃篮糧粮\
                 紀纪約约紅红級级結结經经網网總总繼继續续罰罚習习聖圣聯联聽听臺台與与興兴\
                 舊旧華华葉叶蘇苏處处號号衛卫術术裝装裡里製制複复見见規规覽览觀观計计訊讯\
                 記记許许設设診诊話话該该語语說说請请議议護护貓猫貝贝財财貨货買买費费資资\
                 賓宾質质車车軍军較较載载輪轮轉转辦办農农運运過过達达遊游選选還还邊边郵邮\
                 鄉乡醫医釋释里里針针銀银錢钱鋪铺錄录鎮镇鐘钟鐵铁長长門门開开間间關关陽阳\
                 階阶隊队際际陸陆雙双難难電电靈灵靜静韓韩頁页順顺預预頭头題题類类顯显風风\
                 飛飞飯饭館馆馬马駐驻驗验體体鬥斗魚鱼鮮鲜鳥鸟麗丽麥麦黃黄點点龍龙";
    let characters: Vec<char> = pairs.chars().collect();
    for pair in characters.chunks(2) {
        assert_eq!(simplified(pair[0]), pair[1], "{pair:?}");
    }
    for same in ['街', 'a', 'đ', '口'] {
        assert_eq!(simplified(same), same);
    }
}

#[test]
fn telex_and_vni_keys_mean_their_syllable() {
    for (keys, syllable) in [
        ("laof", "lao"),
        ("ddoongf", "dong"),
        ("ddaaux", "dau"),
        ("nguwowif", "nguoi"),
        ("nguoiwf", "nguoi"),
        ("vieejt", "viet"),
        ("vietej", "viet"),
        ("chowj", "cho"),
        ("thuyr", "thuy"),
        ("quas", "qua"),
        ("giaays", "giay"),
        ("xuwowngr", "xuong"),
        ("tw", "tu"),
        ("dad", "da"),
        ("khaschs", "khach"),
    ] {
        assert_eq!(telex(keys).as_deref(), Some(syllable), "{keys}");
    }
    for plain in ["lao", "chua", "x", "a1", "nhà", "trungtamthuongmai"] {
        assert_eq!(telex(plain), None, "{plain}");
    }
    for (keys, syllable) in [("lao2", "lao"), ("d9ong62", "dong"), ("ngu7o7i2", "nguoi")] {
        assert_eq!(vni(keys).as_deref(), Some(syllable), "{keys}");
    }
    for plain in ["lao", "24h", "113", "nhà1"] {
        assert_eq!(vni(plain), None, "{plain}");
    }
}

#[test]
fn pinyin_has_its_usual_reading_first_and_a_form_for_those_who_mix_sounds() {
    assert_eq!(readings('老'), ["lao"]);
    assert_eq!(readings('行').len(), 2);
    assert_eq!(readings('a').len(), 0);
    for (pinyin, fuzzy) in [
        ("zhongshan", "zonsan"),
        ("zongsan", "zonsan"),
        ("lvyou", "luyou"),
        ("chengshi", "censi"),
    ] {
        assert_eq!(fuzzy_pinyin(pinyin), fuzzy);
    }
    assert_eq!(stem("hotels"), stem("hotel"));
}

#[test]
fn a_query_loses_what_is_not_seen() {
    assert_eq!(clean("Lào\u{202e} \u{200b}Cai\u{7}"), "lào cai ");
    assert_eq!(clean("e\u{302}\u{301}"), "ế");
    assert_eq!(clean(&"a".repeat(4096)).len(), QUERY_CHARS);
}

proptest! {
    #[test]
    fn folding_is_done_once_for_all(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn a_cleaned_query_is_short_and_has_no_control_character(text in any::<String>()) {
        let cleaned = clean(&text);
        prop_assert!(cleaned.chars().count() <= 3 * QUERY_CHARS);
        prop_assert!(!cleaned.chars().any(char::is_control));
    }
}
