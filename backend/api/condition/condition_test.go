package condition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
)

func TestSetTellsWhatChangedAndMovesTheTimeWithTheStatusOnly(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 6789, time.UTC)
	later := start.Add(time.Hour)
	before := metav1.Condition{Type: "Running", Status: metav1.ConditionFalse, Reason: "Starting", Message: "m", ObservedGeneration: 1}
	tests := map[string]struct {
		set     metav1.Condition
		changed bool
		moved   bool
	}{
		"same":           {set: before},
		"new reason":     {set: metav1.Condition{Type: "Running", Status: metav1.ConditionFalse, Reason: "Stopped", Message: "m", ObservedGeneration: 1}, changed: true},
		"new message":    {set: metav1.Condition{Type: "Running", Status: metav1.ConditionFalse, Reason: "Starting", Message: "n", ObservedGeneration: 1}, changed: true},
		"new generation": {set: metav1.Condition{Type: "Running", Status: metav1.ConditionFalse, Reason: "Starting", Message: "m", ObservedGeneration: 2}, changed: true},
		"new status":     {set: metav1.Condition{Type: "Running", Status: metav1.ConditionTrue, Reason: "Started", ObservedGeneration: 1}, changed: true, moved: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var all []metav1.Condition
			if !condition.Set(&all, before, start) {
				t.Fatal("the first one is no change")
			}
			tt.set.LastTransitionTime = metav1.NewTime(later.Add(time.Hour)) // whatever the caller says
			if got := condition.Set(&all, tt.set, later); got != tt.changed {
				t.Errorf("Set() = %v, want %v", got, tt.changed)
			}
			want := start.Truncate(time.Second)
			if tt.moved {
				want = later.Truncate(time.Second)
			}
			tt.set.LastTransitionTime = metav1.NewTime(want)
			if diff := cmp.Diff([]metav1.Condition{tt.set}, all); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSinceTakesNothingThatWasDecidedEarlier(t *testing.T) {
	all := []metav1.Condition{{Type: "Settled", Status: metav1.ConditionTrue, ObservedGeneration: 4}}
	tests := map[string]struct {
		name       string
		generation int64
		want       bool
	}{
		"earlier generation": {"Settled", 5, false},
		"this generation":    {"Settled", 4, true},
		"later generation":   {"Settled", 3, true},
		"no such condition":  {"Running", 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, got := condition.Since(all, tt.name, tt.generation); got != tt.want {
				t.Errorf("Since() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhatIsNotThereIsNeitherTrueNorRemoved(t *testing.T) {
	all := []metav1.Condition{{Type: "Settled", Status: metav1.ConditionTrue}}
	if condition.IsTrue(all, "Running") || !condition.IsTrue(all, "Settled") {
		t.Error("IsTrue() does not tell them apart")
	}
	if condition.Remove(&all, "Running") || !condition.Remove(&all, "Settled") || len(all) != 0 {
		t.Errorf("Remove() left %v", all)
	}
	if c := condition.Get(all, "Settled"); c.Type != "Settled" || c.Status != "" {
		t.Errorf("Get() = %+v", c)
	}
}
