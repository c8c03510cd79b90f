// Package condition works on the conditions of a status: pure functions over []metav1.Condition, for every writer of
// one (backend/controllers and backend/mirror alike). A condition that says what it said before is not written again.
package condition

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Set puts c among conditions, in the place of the one of its type, and says whether that changed anything.
// LastTransitionTime becomes now if the status is new, and stays what it was otherwise, whatever c says of it.
func Set(conditions *[]metav1.Condition, c metav1.Condition, now time.Time) bool {
	// Whole seconds are all that the wire format keeps: with more, a condition would differ from its own copy.
	c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	return meta.SetStatusCondition(conditions, c)
}

// Remove takes the condition of this type away, and says whether there was one.
func Remove(conditions *[]metav1.Condition, name string) bool {
	return meta.RemoveStatusCondition(conditions, name)
}

// Get gives the condition of this type; one that is not there has an empty status.
func Get(conditions []metav1.Condition, name string) metav1.Condition {
	if c := meta.FindStatusCondition(conditions, name); c != nil {
		return *c
	}
	return metav1.Condition{Type: name}
}

// IsTrue says whether the condition of this type is there and true, whatever generation it was decided on.
func IsTrue(conditions []metav1.Condition, name string) bool {
	return meta.IsStatusConditionTrue(conditions, name)
}

// Since gives the condition of this type if it was decided on this generation or a later one: what was decided
// earlier says nothing about what the user wants now.
func Since(conditions []metav1.Condition, name string, generation int64) (metav1.Condition, bool) {
	c := Get(conditions, name)
	return c, c.Status != "" && c.ObservedGeneration >= generation
}
