// Package logscan counts the lines of log files that match a regular
// expression, and the values of one of its groups.
//
// Package inputs finds the files, [Split] cuts them into [Part]s that can be
// searched independently, and a [Searcher] turns a part into a [Count]. Counts of parts add up ([Count.Add]) to exactly the
// count of the whole, however it was cut: a part owns the lines that begin in
// it. [AppendBlock] and [Generate] make logs whose count is known beforehand.
//
// # Lines and matches
//
// A line ends at '\n' or at the end of its file; it does not contain the '\n',
// and a '\r' before it is part of the line. A line matches when the pattern, in
// the language of package regexp (RE2), matches anywhere in it; '^' and '$' are
// the line's ends. For text that is valid UTF-8, and for patterns that mean the
// same in both languages, the number of matching lines is that of
//
//	LC_ALL=C.UTF-8 grep -acE PATTERN
//
// # Where the pattern languages differ
//
// POSIX takes the longest of the leftmost matches and RE2 the first
// alternative; this changes what is matched (and so the value of a group) but
// never whether a line matches. Patterns do mean something else, or only exist
// in one of the languages, where they use:
//
//   - '\d', '\t', '\n', '\f', '\v', '\x41', '\pL', '\Q…\E', '(?i)', '(?:…)',
//     '(?P<name>…)': only here. grep takes '\d' for a plain 'd' (with a
//     warning), and '(?' for an error or a literal.
//   - '\w', '\W', '\s', '\S', '\b', '\B' and classes such as '[[:alpha:]]': ASCII
//     here, all of Unicode in grep.
//   - '\<', '\>', '\`', '\” and back-references '\1': only in grep; refused here.
//   - a backslash within '[…]': an escape here, itself in grep.
//   - '[[=a=]]' and '[[.a.]]': only in grep.
//   - 'a{,3}': from 0 to 3 times in grep, literal text here. Repetitions above
//     1000 are refused here. 'a**' and 'a++' are refused here; 'a*?' and 'a+?'
//     are non-greedy here and an optional repetition in grep, which match the
//     same lines. A repetition with nothing to repeat ('*a') is refused here.
//   - a line break in the pattern: an alternative in grep; here it matches no
//     line.
//   - bytes that are not valid UTF-8: here '.' and '[^x]' match each such byte as
//     one character (U+FFFD), in grep they match none.
package logscan
