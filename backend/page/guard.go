package page

import (
	"net/http"
)

// guard lets through only what the page at address asks, or the user who opens it.
func guard(address string, next http.Handler) http.Handler {
	origin := "http://" + address
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A name that a stranger made point here (DNS rebinding) shows in Host.
		if r.Host != address {
			http.Error(w, "This is Berth's page, and it has another address. Open it with `berth ui`.", http.StatusMisdirectedRequest)
			return
		}
		if from := r.Header.Values("Origin"); len(from) > 1 || (len(from) == 1 && from[0] != origin) {
			refuseStranger(w)
			return
		}
		if !sameOrigin(r) && !opensPage(r) {
			refuseStranger(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin believes what the browser says of where a request comes from. "none" is the user: an address typed, or
// opened by `berth ui`. "same-site" is another port of this machine, and so a stranger. Clients without the header are no
// browsers, or old ones that send Origin with everything that changes something.
func sameOrigin(r *http.Request) bool {
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin":
		return true
	case "none":
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	case "":
		return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Header.Get("Origin") != ""
	default:
		return false
	}
}

// opensPage recognises that the page is opened in a tab of its own, whoever leads there: `berth ui` does it through a file,
// which is a stranger to us. There is nothing in the page before it asks for it, and it cannot be framed or held on to.
func opensPage(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func refuseStranger(w http.ResponseWriter) {
	http.Error(w, "Another page asked for this, and Berth answers its own page only.", http.StatusForbidden)
}
