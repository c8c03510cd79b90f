package apiserver

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// table writes what kubectl shows.
type table[T any, P store.Object[T]] struct{ kind kind[T, P] }

// ConvertToTable implements rest.TableConvertor.
func (t table[T, P]) ConvertToTable(_ context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	out := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		name := metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: "the object's name"}
		out.ColumnDefinitions = slices.Concat([]metav1.TableColumnDefinition{name}, t.kind.columns,
			[]metav1.TableColumnDefinition{column("Age", "time since Berth first saw it")})
	}
	row := func(obj runtime.Object) error {
		o, ok := obj.(P)
		if !ok {
			return fmt.Errorf("show %T as one of the %s", obj, t.kind.plural)
		}
		created := o.GetCreationTimestamp()
		cells := slices.Concat([]any{o.GetName()}, t.kind.cells(o), []any{since(&created)})
		out.Rows = append(out.Rows, metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: obj}})
		return nil
	}
	if !meta.IsListType(obj) {
		if m, err := meta.CommonAccessor(obj); err == nil {
			out.ResourceVersion = m.GetResourceVersion()
		}
		return out, row(obj)
	}
	if l, err := meta.ListAccessor(obj); err == nil {
		out.ResourceVersion, out.Continue, out.RemainingItemCount = l.GetResourceVersion(), l.GetContinue(), l.GetRemainingItemCount()
	}
	return out, meta.EachListItem(obj, row)
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

func since(t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return duration.HumanDuration(time.Since(t.Time))
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

func shortID(id string) string {
	const shown = 12
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(shown, len(id))]
}

// size writes what docker writes: decimal units, three digits.
func size(bytes int64) string {
	const step = 1000
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	n, unit := float64(bytes), 0
	for n >= step && unit < len(units)-1 {
		n, unit = n/step, unit+1
	}
	return fmt.Sprintf("%.3g%s", n, units[unit])
}

// exitCode is shown once there is one: until then the engine says 0.
func exitCode(s containers.ContainerStatus) string {
	if s.Status != containers.StateExited && s.Status != containers.StateDead {
		return ""
	}
	return strconv.Itoa(int(s.ExitCode))
}

// ports writes what docker ps writes: 0.0.0.0:8080->80/tcp.
func ports(all []containers.Port) string {
	var out []string
	for _, p := range all {
		if len(p.Bindings) == 0 {
			out = append(out, p.Name)
		}
		for _, b := range p.Bindings {
			out = append(out, net.JoinHostPort(b.HostIP, strconv.Itoa(int(b.HostPort)))+"->"+p.Name)
		}
	}
	return strings.Join(out, ", ")
}

func subnets(all []containers.Subnet) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Subnet
	}
	return strings.Join(out, ", ")
}

func condition(all []metav1.Condition, name string) (status, reason string) {
	if c := meta.FindStatusCondition(all, name); c != nil {
		return string(c.Status), c.Reason
	}
	return "", ""
}
