package logscan

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// maxLiterals bounds the texts that a prefilter looks for: each costs a pass
// over the text.
const maxLiterals = 8

// need is what each match of an expression contains: one of texts. No texts:
// nothing is known. exact: conversely, a text that contains one of them matches.
type need struct {
	texts [][]byte
	exact bool
}

// shortest is the length of the shortest of the texts, 0 when there is none.
func (n need) shortest() int {
	if len(n.texts) == 0 {
		return 0
	}
	short := len(n.texts[0])
	for _, t := range n.texts {
		short = min(short, len(t))
	}
	return short
}

// better reports whether n is the rarer need of the two, by its length: longer
// texts are rarer, and fewer of them are cheaper.
func (n need) better(than need) bool {
	if a, b := n.shortest(), than.shortest(); a != b {
		return a > b
	}
	return len(n.texts) < len(than.texts)
}

// required derives what each match of re contains. It claims only what follows
// from the tree: a literal is required where its node must match for the whole
// to match, which is so along concatenations, groups and repetitions of at
// least one, and in an alternation when each alternative has one.
func required(re *syntax.Regexp) need {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re)
	case syntax.OpCapture:
		return required(re.Sub[0])
	case syntax.OpPlus:
		return need{texts: required(re.Sub[0]).texts}
	case syntax.OpRepeat:
		if re.Min > 0 {
			return need{texts: required(re.Sub[0]).texts}
		}
	case syntax.OpConcat:
		return anyOf(re.Sub)
	case syntax.OpAlternate:
		return oneOfEach(re.Sub)
	}
	return need{}
}

// literal is the need of a literal node. Not for a literal that ignores case;
// nor with a line break, which no line contains; nor with U+FFFD, as which
// package regexp also takes bytes that are not valid UTF-8.
func literal(re *syntax.Regexp) need {
	text := string(re.Rune)
	if re.Flags&syntax.FoldCase != 0 || strings.ContainsAny(text, "\n"+string(utf8.RuneError)) {
		return need{}
	}
	return need{texts: [][]byte{[]byte(text)}, exact: true}
}

// anyOf is the need of a concatenation: that of any part holds, and the one
// that is likely the rarest is taken.
func anyOf(parts []*syntax.Regexp) need {
	var best need
	for _, p := range parts {
		if n := required(p); n.better(best) {
			best = n
		}
	}
	best.exact = best.exact && len(parts) == 1
	return best
}

// oneOfEach is the need of an alternation: one of the texts of all its parts,
// provided that each has some and that they are few.
func oneOfEach(parts []*syntax.Regexp) need {
	all := need{exact: true}
	for _, p := range parts {
		n := required(p)
		if len(n.texts) == 0 || len(all.texts)+len(n.texts) > maxLiterals {
			return need{}
		}
		all.texts = append(all.texts, n.texts...)
		all.exact = all.exact && n.exact
	}
	return all
}
