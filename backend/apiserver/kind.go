package apiserver

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-desktop/berth/backend/api/store"
)

// kind is all that the API knows of one kind: what it is called, what of it is shown and selected, what is refused.
type kind[T any, P store.Object[T]] struct {
	group            schema.GroupVersion
	newList          func() runtime.Object
	plural, singular string
	short            []string
	namespaced       bool
	kept             bool // survives the daemon, in a file
	columns          []metav1.TableColumnDefinition
	cells            func(P) []any
	selectable       func(P) fields.Set
	validate         func(obj, old P) field.ErrorList // old is nil on create
	setStatus        func(to, from P)
	setSpec          func(to, from P)
	sameSpec         func(a, b P) bool
}

func (k kind[T, P]) new() runtime.Object { return P(new(T)) }

func (k kind[T, P]) resource() schema.GroupResource {
	return schema.GroupResource{Group: k.group.Group, Resource: k.plural}
}

func column(name, description string) metav1.TableColumnDefinition {
	return metav1.TableColumnDefinition{Name: name, Type: "string", Description: description}
}

// wideColumn is shown by `-o wide` only.
func wideColumn(name, description string) metav1.TableColumnDefinition {
	c := column(name, description)
	c.Priority = 1
	return c
}

func age(t *metav1.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return duration.HumanDuration(time.Since(t.Time))
}

func shortID(id string) string {
	const shown = 12
	if len(id) > len("sha256:") && id[:7] == "sha256:" {
		id = id[7:]
	}
	return id[:min(shown, len(id))]
}

func conditionStatus(conditions []metav1.Condition, name string) (status, reason string) {
	for _, c := range conditions {
		if c.Type == name {
			return string(c.Status), c.Reason
		}
	}
	return "", ""
}

func oneOf[S ~string](path *field.Path, got S, known ...S) field.ErrorList {
	for _, k := range known {
		if got == k {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, got, known)}
}

func yesNo(b bool) string { return fmt.Sprint(b) }
