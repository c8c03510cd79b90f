package diagnostics

import (
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret was.
const hidden = "<redacted>"

// secretName is what the names of variables, labels, fields and flags look like whose values nobody else may see.
const secretName = `[\w.\-/]*(?:passw|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|credential|bearer|authorization|signature|cookie|session|encrypt|dsn|webhook|certificate|client-key|identitytoken|_auth\b|\bauth\b|_key\b|\bkey\b|salt)[\w.\-/]*`

var (
	urlUser     = regexp.MustCompile(`([a-zA-Z][\w+.\-]*://)[^\s/@"'<>]+@`)
	pem         = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\z)`)
	secretNames = regexp.MustCompile(`(?i)^` + secretName + `$`)
)

// Redactor removes secrets from text: those that it was told, wherever they stand, and whatever looks like one.
type Redactor struct {
	known *strings.Replacer
	rules []rule
}

type rule struct {
	find *regexp.Regexp
	put  string
}

// NewRedactor makes a Redactor that knows these secrets. Short ones are not among them: they would hit other words.
func NewRedactor(secrets []string) Redactor {
	const shortest = 5
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < shortest })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // the longest that fits
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, hidden)
	}
	return Redactor{strings.NewReplacer(pairs...), compileRules()}
}

// Redact gives text without secrets.
func (r Redactor) Redact(text string) string {
	text = hideUser(r.known.Replace(text))
	if strings.Contains(text, "-----BEGIN") {
		text = pem.ReplaceAllString(text, hidden)
	}
	var out, suspect strings.Builder
	hinted := false
	for line := range strings.Lines(text) {
		was := hinted
		hinted = suspicious(line)
		if hinted || was { // a value may stand on the line after its name
			suspect.WriteString(line)
			continue
		}
		out.WriteString(r.apply(suspect.String()))
		suspect.Reset()
		out.WriteString(line)
	}
	out.WriteString(r.apply(suspect.String()))
	return out.String()
}

// suspicious says whether a line holds what the rules cannot do without. They are slow and should see few lines.
func suspicious(line string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc([]string{
		"pass", "pwd", "secret", "token", "key", "credential", "bearer", "basic", "auth", "signature", "cookie", "session",
		"encrypt", "dsn", "webhook", "certificate", "salt", "eyj", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_", "glpat",
		"xox", "akia", "asia", "sk-", "npm_", "dckr_", "aiza",
	}, func(hint string) bool { return strings.Contains(line, hint) })
}

func (r Redactor) apply(text string) string {
	if text == "" {
		return ""
	}
	for _, rule := range r.rules {
		text = rule.find.ReplaceAllString(text, rule.put)
	}
	return text
}

// hideUser removes names and passwords from addresses.
func hideUser(text string) string { return urlUser.ReplaceAllString(text, "${1}"+hidden+"@") }

// looksSecret says whether the value of that name should be hidden.
func looksSecret(name string) bool { return secretNames.MatchString(name) }

func compileRules() []rule {
	are := func(find, put string) rule { return rule{regexp.MustCompile(find), put} }
	return []rule{
		are(`(?i)\b(bearer|basic)\s+[\w.~+/\-=]{6,}`, "${1} "+hidden),
		are(`\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*`, hidden), // a JSON web token
		are(`\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w\-]{16,}|xox[abprs]-[\w\-]{10,}|(AKIA|ASIA)[A-Z0-9]{16}|sk-[\w\-]{16,}|npm_\w{20,}|dckr_pat_[\w\-]{10,}|AIza[\w\-]{30,})`, hidden),
		are(`(?i)("`+secretName+`"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,}\]\[{]+)`, `${1}"`+hidden+`"`),
		are(`(?i)(\\"`+secretName+`\\"\s*:\s*)\\"[^"\\]*\\"`, `${1}\"`+hidden+`\"`),
		are(`(?i)(--?`+secretName+`[ =])("[^"]*"|'[^']*'|[^\s"']+)`, "${1}"+hidden),
		are(`(?i)(\b`+secretName+`=)("[^"]*"|'[^']*'|[^\s"',;&]+)`, "${1}"+hidden),
		are(`(?im)(^[ \t]*-?[ \t]*`+secretName+`[ \t]*:[ \t]+)(\S.*)$`, "${1}"+hidden),
	}
}
