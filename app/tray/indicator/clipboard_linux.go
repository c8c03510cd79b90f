//go:build desktop

package indicator

/*
#cgo pkg-config: gtk+-3.0
#include <stdlib.h>
#include <gtk/gtk.h>

static gboolean copy_text(gpointer text) {
	gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD), text, -1);
	free(text);
	return FALSE;
}

static void copy_later(char *text) { g_idle_add(copy_text, text); }
*/
import "C"

import "strings"

// copyText puts text on the clipboard, from which others can paste it as long as we run.
func copyText(text string) error {
	C.copy_later(C.CString(text)) // GTK is only spoken on its own thread
	return nil
}

// escape keeps panels from taking what follows an underscore for an access key.
func escape(label string) string { return strings.ReplaceAll(label, "_", "__") }
