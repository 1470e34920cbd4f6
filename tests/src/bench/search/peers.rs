//! Engines that people would take instead, over the same terms and with the same ways to read what
//! was typed; how they look terms up and rank is theirs.

use super::queries::Query;
use super::timing::{ANSWERS, Score, score};
use cotmoc_lookup::Content;
use cotmoc_lookup::fold::{clean, fold, fuzzy_pinyin, han_runs, stem, telex, vni, words};
use cotmoc_lookup::index::{Family, terms};
use cotmoc_lookup::package::documents;
use rusqlite::Connection;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query as Clause, TermQuery};
use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::{TantivyDocument, Term};

/// Terms of this weight and more are of names and synonyms, others of what an entry belongs to.
const STRONG: u8 = 100;
const WRITER_BYTES: usize = 200 << 20;

pub fn run(content: &Content, queries: &[Query]) -> anyhow::Result<Vec<(&'static str, Score)>> {
    Ok(vec![
        ("fts5", fts5(content, queries)?),
        ("tantivy", tantivy(content, queries)?),
    ])
}

/// The id, strong terms and weak terms of each entry, separated by spaces.
fn rows(content: &Content) -> impl Iterator<Item = (String, String, String)> {
    content
        .entries
        .iter()
        .zip(documents(content))
        .map(|(entry, document)| {
            let (mut strong, mut weak) = (String::new(), String::new());
            for (term, weight) in terms(&document) {
                let out = if weight >= STRONG {
                    &mut strong
                } else {
                    &mut weak
                };
                out.push_str(&without_mark(&term));
                out.push(' ');
            }
            (entry.id.to_string(), strong, weak)
        })
}

/// Both engines cut terms at marks; a digit and a letter stand for the family.
fn without_mark(term: &str) -> String {
    let families = [
        Family::Joined,
        Family::Stem,
        Family::FuzzyPinyin,
        Family::Initials,
        Family::Whole,
    ];
    let found = families
        .into_iter()
        .zip(["0j", "0s", "0f", "0i", "0w"])
        .find_map(|(family, code)| Some(code.to_owned() + term.strip_prefix(family.mark())?));
    found.unwrap_or_else(|| term.to_owned())
}

/// One term that a part of the query may mean.
struct Meant {
    term: String,
    open: bool,
}

/// For each word and character of the query what it may mean, and all words as one.
fn read(typed: &str) -> (Vec<Vec<Meant>>, Option<Meant>) {
    let typed = clean(typed);
    let folded = fold(&typed);
    let all: Vec<String> = words(&folded).take(10).collect();
    let open = !typed.ends_with(' ');
    let mut parts: Vec<Vec<Meant>> = Vec::new();
    for (index, word) in all.iter().enumerate() {
        let open = open && index + 1 == all.len();
        let meant = |term: String, open| Meant {
            term: without_mark(&term),
            open,
        };
        let mut part = vec![
            meant(word.clone(), open),
            meant(Family::Stem.term(&stem(word)), false),
            meant(Family::Joined.term(word), open),
        ];
        if word.len() >= 2 && word.is_ascii() {
            part.push(meant(Family::Initials.term(word), open));
            part.push(meant(Family::FuzzyPinyin.term(&fuzzy_pinyin(word)), open));
        }
        let keys = [telex(word), vni(word)].into_iter().flatten();
        part.extend(keys.map(|keys| meant(keys, open)));
        parts.push(part);
    }
    let han = han_runs(&folded).flatten().take(12);
    parts.extend(han.map(|c| {
        vec![Meant {
            term: c.to_string(),
            open: false,
        }]
    }));
    let joined = (all.len() > 1).then(|| Meant {
        term: without_mark(&Family::Joined.term(&all.concat())),
        open: true,
    });
    (parts, joined)
}

fn fts5(content: &Content, queries: &[Query]) -> anyhow::Result<Score> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(
        "CREATE VIRTUAL TABLE t USING fts5(id UNINDEXED, strong, weak, tokenize='ascii', prefix='1 2 3');
         INSERT INTO t(t, rank) VALUES('rank', 'bm25(0.0, 10.0, 2.0)');
         BEGIN",
    )?;
    {
        let mut insert = connection.prepare("INSERT INTO t VALUES(?1, ?2, ?3)")?;
        for (id, strong, weak) in rows(content) {
            insert.execute((id, strong, weak))?;
        }
    }
    connection.execute_batch("COMMIT; INSERT INTO t(t) VALUES('optimize')")?;
    let mut select =
        connection.prepare("SELECT id FROM t WHERE t MATCH ?1 ORDER BY rank LIMIT 10")?;
    score(queries, |typed| {
        let Some(expression) = expression(typed) else {
            return Ok(Vec::new());
        };
        let found = select.query_map((expression,), |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    })
}

/// The query in the language of FTS5.
fn expression(typed: &str) -> Option<String> {
    let (parts, joined) = read(typed);
    let term = |meant: &Meant| format!("\"{}\"{}", meant.term, if meant.open { "*" } else { "" });
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            format!(
                "({})",
                part.iter().map(term).collect::<Vec<_>>().join(" OR ")
            )
        })
        .collect();
    let all = format!("({})", parts.join(" AND "));
    let whole = joined.iter().map(|joined| format!(" OR {}", term(joined)));
    (!parts.is_empty()).then(|| all.clone() + &whole.collect::<String>())
}

fn tantivy(content: &Content, queries: &[Query]) -> anyhow::Result<Score> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqs);
    let options = TextOptions::default().set_indexing_options(indexing);
    let id = schema.add_text_field("id", STRING | STORED);
    let fields = [
        schema.add_text_field("strong", options.clone()),
        schema.add_text_field("weak", options),
    ];
    let index = tantivy::Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    for (name, strong, weak) in rows(content) {
        let mut document = TantivyDocument::default();
        document.add_text(id, name);
        for (field, text) in fields.into_iter().zip([strong, weak]) {
            document.add_text(field, text);
        }
        writer.add_document(document)?;
    }
    writer.commit()?;
    let searcher = index.reader()?.searcher();
    let find = |typed: &str, slips: u8| -> anyhow::Result<Vec<String>> {
        let query = tantivy_query(typed, fields, slips);
        let found = searcher.search(&query, &TopDocs::with_limit(ANSWERS).order_by_score())?;
        let mut ids = Vec::new();
        for (_, address) in found {
            let document: TantivyDocument = searcher.doc(address)?;
            let name = document.get_first(id).and_then(|value| value.as_str());
            ids.extend(name.map(str::to_owned));
        }
        Ok(ids)
    };
    score(queries, |typed| {
        let found = find(typed, 0)?;
        if found.len() >= 3 {
            Ok(found)
        } else {
            find(typed, 1)
        }
    })
}

fn tantivy_query(typed: &str, fields: [Field; 2], slips: u8) -> BooleanQuery {
    let (parts, joined) = read(typed);
    let meant = |meant: &Meant| -> Vec<(Occur, Box<dyn Clause>)> {
        let slips = if meant.term.chars().count() >= 4 {
            slips
        } else {
            0
        };
        let clauses = fields.into_iter().zip([5.0, 1.0]).map(|(field, boost)| {
            let term = Term::from_field_text(field, &meant.term);
            let query: Box<dyn Clause> = match (meant.open, slips) {
                (false, 0) => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
                (true, _) => Box::new(FuzzyTermQuery::new_prefix(term, slips, true)),
                (false, _) => Box::new(FuzzyTermQuery::new(term, slips, true)),
            };
            let query: Box<dyn Clause> = Box::new(BoostQuery::new(query, boost));
            (Occur::Should, query)
        });
        clauses.collect()
    };
    let all: Vec<(Occur, Box<dyn Clause>)> = parts
        .iter()
        .map(|part| {
            let clauses = part.iter().flat_map(meant).collect();
            let query: Box<dyn Clause> = Box::new(BooleanQuery::new(clauses));
            (Occur::Must, query)
        })
        .collect();
    let mut either: Vec<(Occur, Box<dyn Clause>)> =
        vec![(Occur::Should, Box::new(BooleanQuery::new(all)))];
    either.extend(joined.iter().flat_map(meant));
    BooleanQuery::new(either)
}
