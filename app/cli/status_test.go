package cli

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func TestStatusSaysWhatWorksLessWell(t *testing.T) {
	app := &appv1.App{}
	app.Status.Conditions = []metav1.Condition{{
		Type: appv1.ConditionDegraded, Status: metav1.ConditionTrue, Reason: appv1.ReasonWarning, Message: "It is slow.\nPort 80 is taken.",
	}}
	var out strings.Builder
	if err := statusOf(app, "v1").write(&out, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Warning   It is slow.\n", "Warning   Port 80 is taken.\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
