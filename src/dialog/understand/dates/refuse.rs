//! Days and hours that are behind the client, or that do not suit: «была у вас 5 марта», «в пятницу не могу».

use super::lex::{Lex, W};
use super::reader::Reader;
use super::scan::Piece;

/// Words of a visit that has been.
const MEMORIES: &[&str] = &[
    "был",
    "была",
    "были",
    "было",
    "ходил",
    "ходила",
    "делал",
    "делала",
    "делали",
    "приходил",
    "приходила",
    "приезжал",
    "приезжала",
    "стригся",
    "стриглась",
    "красилась",
    "посещал",
    "посещала",
    "was",
    "were",
    "visited",
    "came",
    "had",
];

/// «Была у вас 5 марта»: that day is behind, whatever the calendar says.
pub(super) fn mark_remembered(r: &Reader<'_>, pieces: &mut [Piece]) {
    for piece in pieces.iter_mut().filter(|p| p.what.is_day() || p.what.is_time()) {
        let start = (0..piece.from).rev().find(|at| is_border(r, *at)).map_or(0, |at| at + 1);
        let end = (piece.to..r.lexemes.len()).find(|at| is_border(r, *at)).unwrap_or(r.lexemes.len());
        let says = |words: &[&str]| (start..end).any(|at| words.contains(&r.token_text(at)));
        piece.source |= says(MEMORIES) && !says(&["бы", "хотел", "хотела", "if", "would"]);
    }
}

/// Words of not being able to.
const REFUSALS: &[&str] = &[
    "могу",
    "смогу",
    "можем",
    "сможем",
    "получится",
    "получается",
    "получиться",
    "подходит",
    "подойдет",
    "успею",
    "успеваю",
    "удобно",
    "хочу",
    "хотелось",
    "устраивает",
    "устроит",
    "выйдет",
    "вариант",
    "приду",
    "буду",
    "будет",
    "доеду",
    "приеду",
    "подъеду",
    "попаду",
    "выберусь",
    "вырваться",
    "вырвусь",
    "успеть",
    "надо",
    "нужно",
];
const BUSY: &[&str] = &[
    "занят",
    "занята",
    "заняты",
    "неудобно",
    "работаю",
    "работе",
    "учусь",
    "уезжаю",
    "улетаю",
    "busy",
    "can't",
    "cannot",
    "cant",
    "won't",
    "doesn't",
    "unavailable",
];

/// Marks «не в пятницу», «кроме среды», «завтра не могу».
pub(super) fn mark_refused(r: &Reader<'_>, pieces: &mut [Piece]) {
    let spans: Vec<(usize, usize)> = pieces.iter().map(|p| (p.from, p.to)).collect();
    for (index, piece) in pieces.iter_mut().enumerate() {
        let before = |back: usize| piece.from.checked_sub(back).map_or(Lex::Other, |at| r.lex(at));
        let direct = matches!(before(1), Lex::W(W::Not | W::Except));
        let only = matches!(before(2), Lex::W(W::Not | W::Except))
            && !matches!(before(1), Lex::Sign(_))
            && piece.from >= 2
            && is_light(r, piece.from - 1);
        piece.negated = direct || only || refused_in_clause(r, &spans, index);
    }
    // «не в пятницу 13-го»: the words beside share the refusal.
    for at in 1..pieces.len() {
        if pieces[at - 1].negated && pieces[at].from == pieces[at - 1].to {
            pieces[at].negated = true;
        }
    }
}

fn is_light(r: &Reader<'_>, at: usize) -> bool {
    matches!(r.token_text(at), "только" | "на" | "for" | "the" | "on" | "at" | "этот" | "this")
}

/// A refusal in the same clause, before or after the piece.
fn refused_in_clause(r: &Reader<'_>, spans: &[(usize, usize)], index: usize) -> bool {
    let (from, to) = spans[index];
    let floor = index.checked_sub(1).map_or(0, |i| spans[i].1);
    let ceiling = spans.get(index + 1).map_or(r.lexemes.len(), |s| s.0);
    let start = (floor..from).rev().find(|at| is_border(r, *at)).map_or(floor, |at| at + 1);
    let end = (to..ceiling).find(|at| is_border(r, *at)).unwrap_or(ceiling);
    let inside = |at: &usize| *at < from || *at >= to;
    let asks = (start..end).any(|at| r.token_is(at, "ли")) || r.sign(end, '?');
    !asks
        && (start..end).filter(inside).any(|at| {
            let refusal =
                r.is(at, W::Not) && (at + 1..(at + 3).min(end)).any(|next| REFUSALS.contains(&r.token_text(next)));
            refusal || BUSY.contains(&r.token_text(at))
        })
}

fn is_border(r: &Reader<'_>, at: usize) -> bool {
    matches!(r.lex(at), Lex::Sign('.' | ',' | '!' | '?' | ';' | '-') | Lex::W(W::Rather))
        || matches!(r.token_text(at), "а" | "но" | "but" | "давайте" | "поэтому")
}
