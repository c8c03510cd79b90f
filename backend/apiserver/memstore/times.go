package memstore

import (
	"reflect"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// timePlan cuts every time in a value to what JSON keeps of it. An object that goes to a client and comes back must
// equal what is stored: otherwise a plain read and write changes creationTimestamp, which is refused as immutable.
// A nil plan has nothing to do, which is so for most fields of most types, and is found out once for each type.
type timePlan func(reflect.Value)

func (p timePlan) truncate(v reflect.Value) {
	if p != nil {
		p(v)
	}
}

// planTimes makes the plan of a type. Times behind an interface, and in types that contain themselves, are not found:
// API types have neither.
func planTimes(t reflect.Type) timePlan { return planType(t, map[reflect.Type]bool{}) }

func planType(t reflect.Type, within map[reflect.Type]bool) timePlan {
	switch t {
	case reflect.TypeFor[metav1.Time]():
		return truncateTo[metav1.Time](time.Second)
	case reflect.TypeFor[metav1.MicroTime]():
		return truncateTo[metav1.MicroTime](time.Microsecond)
	}
	if within[t] {
		return nil
	}
	within[t] = true
	defer delete(within, t)
	switch t.Kind() {
	case reflect.Struct:
		return planStruct(t, within)
	case reflect.Pointer:
		return planPointer(planType(t.Elem(), within))
	case reflect.Slice, reflect.Array:
		return planElements(planType(t.Elem(), within))
	case reflect.Map:
		return planValues(planType(t.Elem(), within), t.Elem())
	default:
		return nil
	}
}

// truncateTo cuts one time. Truncate drops the monotonic part, too, which no comparison should see.
func truncateTo[T metav1.Time | metav1.MicroTime](to time.Duration) timePlan {
	return func(v reflect.Value) {
		switch t := v.Addr().Interface().(type) {
		case *metav1.Time:
			t.Time = t.Truncate(to)
		case *metav1.MicroTime:
			t.Time = t.Truncate(to)
		}
	}
}

func planStruct(t reflect.Type, within map[reflect.Type]bool) timePlan {
	plans := map[int]timePlan{}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			if p := planType(f.Type, within); p != nil {
				plans[i] = p
			}
		}
	}
	if len(plans) == 0 {
		return nil
	}
	return func(v reflect.Value) {
		for i, p := range plans {
			p(v.Field(i))
		}
	}
}

func planPointer(p timePlan) timePlan {
	if p == nil {
		return nil
	}
	return func(v reflect.Value) {
		if !v.IsNil() {
			p(v.Elem())
		}
	}
}

func planElements(p timePlan) timePlan {
	if p == nil {
		return nil
	}
	return func(v reflect.Value) {
		for i := range v.Len() {
			p(v.Index(i))
		}
	}
}

// planValues replaces the values of a map, which cannot be changed in place.
func planValues(p timePlan, elem reflect.Type) timePlan {
	if p == nil {
		return nil
	}
	return func(v reflect.Value) {
		for _, key := range v.MapKeys() {
			value := reflect.New(elem).Elem()
			value.Set(v.MapIndex(key))
			p(value)
			v.SetMapIndex(key, value)
		}
	}
}
