package cli

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/kube-openapi/pkg/validation/spec"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/openapi"
)

// property is one that `berth set` can set. Which there are comes from the Go type, so that none is forgotten; what
// they mean comes from the schema that is generated from it.
type property struct {
	name string // such as containerEngine.provider
	kind reflect.Kind
	// form is how a value is written that is neither a word nor a number.
	form form
	// values are those of an enum, doc is a sentence; describe fills both.
	values []string
	doc    string
}

// form is how a value is written.
type form int

const (
	// quantity is such as 4Gi; the empty one has the daemon choose.
	quantity form = iota + 1
	// folders are paths with commas between them; those that end in :rw are writable.
	folders
)

// properties are those of the App's spec, in the order in which they are declared.
func properties() []property { return walk(reflect.TypeFor[appv1.AppSpec](), "") }

func walk(t reflect.Type, prefix string) []property {
	var all []property
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		switch k := f.Type.Kind(); {
		case f.Type == reflect.TypeFor[*resource.Quantity]():
			all = append(all, property{name: prefix + name, kind: k, form: quantity})
		case f.Type == reflect.TypeFor[[]appv1.VMMount]():
			all = append(all, property{name: prefix + name, kind: k, form: folders})
		case k == reflect.Struct:
			all = append(all, walk(f.Type, prefix+name+".")...)
		case slices.Contains([]reflect.Kind{reflect.Bool, reflect.String, reflect.Int, reflect.Int32, reflect.Int64}, k):
			all = append(all, property{name: prefix + name, kind: k})
		default: // lists and the like are no matter of NAME=VALUE
		}
	}
	return all
}

func names(all []property) []string {
	var s []string
	for _, p := range all {
		s = append(s, p.name)
	}
	return s
}

// parse reads the value of a property. What is right beyond its kind is for the daemon to say.
func (p property) parse(value string) (any, error) {
	switch p.form {
	case quantity:
		return parseQuantity(p.name, value)
	case folders:
		return parseFolders(value), nil
	}
	switch p.kind {
	case reflect.Bool:
		if value != "true" && value != "false" {
			return nil, fmt.Errorf("%s is true or false, not %q", p.name, value)
		}
		return value == "true", nil
	case reflect.String:
		return value, nil
	default:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is a whole number, not %q", p.name, value)
		}
		return n, nil
	}
}

func parseQuantity(name, value string) (any, error) {
	if value == "" {
		return nil, nil //nolint:nilnil // a patch takes it away
	}
	q, err := resource.ParseQuantity(value)
	if err != nil {
		return nil, fmt.Errorf("%s is a size such as 4Gi, not %q", name, value)
	}
	return q.String(), nil
}

const writableFolder = ":rw"

func parseFolders(value string) []any {
	all := []any{}
	for path := range strings.SplitSeq(value, ",") {
		if path == "" {
			continue
		}
		path, writable := strings.CutSuffix(path, writableFolder)
		all = append(all, map[string]any{"path": path, "writable": writable})
	}
	return all
}

func foldersText(mounts []appv1.VMMount) string {
	var all []string
	for _, m := range mounts {
		path := m.Path
		if m.Writable {
			path += writableFolder
		}
		all = append(all, path)
	}
	return strings.Join(all, ",")
}

// parseAssignments turns PROPERTY=VALUE… into a change of the App.
func parseAssignments(args []string) (change map[string]any, err error) {
	known := map[string]property{}
	for _, p := range properties() {
		known[p.name] = p
	}
	spec, seen := map[string]any{}, map[string]bool{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not PROPERTY=VALUE", arg)
		}
		p, ok := known[name]
		switch {
		case !ok:
			return nil, unknown("property", name, names(properties()))
		case seen[name]:
			return nil, fmt.Errorf("%s is set twice", name)
		}
		seen[name] = true
		v, err := p.parse(value)
		if err != nil {
			return nil, err
		}
		put(spec, strings.Split(name, "."), v)
	}
	if len(spec) == 0 {
		return nil, errors.New("nothing to set")
	}
	return map[string]any{"spec": spec}, nil
}

func put(m map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		inner, ok := m[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[name] = inner
		}
		m = inner
	}
	m[path[len(path)-1]] = v
}

// describe adds what the schema says of each property.
func describe(all []property) []property {
	definitions := openapi.GetOpenAPIDefinitions(func(path string) spec.Ref { return spec.MustCreateRef(path) })
	for i := range all {
		schema := definitions[appv1.AppSpec{}.OpenAPIModelName()].Schema
		for at := range strings.SplitSeq(all[i].name, ".") {
			if ref := reference(schema); ref != "" {
				schema = definitions[ref].Schema
			}
			schema = schema.Properties[at]
		}
		all[i].doc, _, _ = strings.Cut(schema.Description, "\n")
		for _, v := range schema.Enum {
			all[i].values = append(all[i].values, fmt.Sprint(v))
		}
		if all[i].kind == reflect.Bool {
			all[i].values = []string{"true", "false"}
		}
	}
	return all
}

// reference is the model that a schema stands for, if it is not one itself.
func reference(s spec.Schema) string {
	if r := s.Ref.String(); r != "" {
		return r
	}
	if len(s.AllOf) > 0 {
		return s.AllOf[0].Ref.String()
	}
	return ""
}
