package apiserver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
)

// Host is what this computer has: no machine can have more. What is zero limits nothing.
type Host struct {
	CPUs   int
	Memory int64
	// Home is the user's folder: all of it is not shared writable.
	Home string
}

const gib = 1 << 30

func limaVMKind(judge func(context.Context, []byte) error) kind[lima.LimaVM, *lima.LimaVM] {
	return kind[lima.LimaVM, *lima.LimaVM]{
		group: lima.SchemeGroupVersion, plural: "limavms", singular: "limavm", short: []string{"lvm"}, namespaced: true, kept: true,
		newList: func() runtime.Object { return &lima.LimaVMList{} },
		items:   func(l runtime.Object) []lima.LimaVM { return l.(*lima.LimaVMList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Wanted", "whether the machine should be up"),
			column("Running", "whether it is up"),
			column("Reason", "why it is up, or is not"),
			column("Restarts", "for another template or after a crash"),
			column("Accelerator", "what runs the guest's instructions"),
			wideColumn("Restart-Needed", "whether it runs with another template than is wanted"),
			wideColumn("SSH", "the port on this computer that leads to the guest's SSH"),
			wideColumn("Folder", "where the machine lives"),
		},
		cells: func(m *lima.LimaVM) []any {
			running, reason := condition(m.Status.Conditions, lima.ConditionRunning)
			s := m.Status
			return []any{m.Spec.Running, running, reason, s.RestartCount, s.Accelerator, s.RestartNeeded, s.SSHLocalPort, s.InstanceDir}
		},
		selectable: func(m *lima.LimaVM) fields.Set {
			_, reason := condition(m.Status.Conditions, lima.ConditionRunning)
			return fields.Set{"spec.running": fmt.Sprint(m.Spec.Running), "status.running": reason}
		},
		validate: validateLimaVM,
		admit: func(ctx context.Context, m, old *lima.LimaVM) field.ErrorList {
			return judgeTemplate(ctx, judge, m, old)
		},
		keep:      keepOwned,
		setStatus: func(to, from *lima.LimaVM) { to.Status = from.Status },
		sameSpec:  func(a, b *lima.LimaVM) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	}
}

func validateLimaVM(m, _ *lima.LimaVM) field.ErrorList {
	spec := field.NewPath("spec")
	errs := oneOf(spec.Child("restartPolicy"), m.Spec.RestartPolicy, lima.RestartOnCrash, lima.RestartNever)
	if strings.TrimSpace(m.Spec.Template) == "" {
		errs = append(errs, field.Required(spec.Child("template"), "a machine is made from a Lima template"))
	}
	// Its folder is named after both, and sockets lie in that: the system allows them about a hundred bytes in all.
	if len(m.Namespace)+len(m.Name) > 40 || strings.Contains(m.Name, ".") {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), m.Name, "use at most 40 letters together with the namespace, and no dot"))
	}
	return errs
}

// judgeTemplate has Lima say what it thinks of a template that is new.
func judgeTemplate(ctx context.Context, judge func(context.Context, []byte) error, m, old *lima.LimaVM) field.ErrorList {
	if judge == nil || strings.TrimSpace(m.Spec.Template) == "" || old != nil && old.Spec.Template == m.Spec.Template {
		return nil
	}
	if err := judge(ctx, []byte(m.Spec.Template)); err != nil {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "template"), field.OmitValueType{}, "Lima refuses it: "+err.Error())}
	}
	return nil
}

// keepOwned keeps the machine that App owns: it holds the user's containers, and App would make an empty one.
func keepOwned(m *lima.LimaVM) error {
	owner := metav1.GetControllerOf(m)
	if owner == nil || owner.Kind != "App" || !strings.HasPrefix(owner.APIVersion, app.GroupName+"/") {
		return nil
	}
	return errors.New("the machine is owned by App, and your containers, images and volumes are in it: `berth stop` stops it, `berth reset` removes it with all of them")
}

// validateVM checks what is wanted of App's machine.
func validateVM(path *field.Path, v *app.VM, h Host) field.ErrorList {
	var errs field.ErrorList
	switch {
	case v.CPUs < 0:
		errs = append(errs, field.Invalid(path.Child("cpus"), v.CPUs, "use 1 or more, or 0 for what suits this computer"))
	case h.CPUs > 0 && int(v.CPUs) > h.CPUs:
		errs = append(errs, field.Invalid(path.Child("cpus"), v.CPUs, fmt.Sprintf("this computer has %d", h.CPUs)))
	}
	errs = append(errs, atLeastOneGiB(path.Child("memory"), v.Memory)...)
	errs = append(errs, atLeastOneGiB(path.Child("disk"), v.Disk)...)
	if v.Memory != nil && h.Memory > 0 && v.Memory.Value() > h.Memory {
		errs = append(errs, field.Invalid(path.Child("memory"), v.Memory.String(), "this computer has "+resource.NewQuantity(h.Memory, resource.BinarySI).String()))
	}
	return append(errs, validateMounts(path.Child("mounts"), v.Mounts, h.Home)...)
}

// keepDisk refuses a disk that is smaller than the one that may be there: one whose size was named, or that of a machine
// in use. The driver never shrinks one that it finds; this only says so in time.
func keepDisk(path *field.Path, v *app.VM, old *app.AppSpec) field.ErrorList {
	if old.VM.Disk == nil && old.ContainerEngine.Provider != app.ProviderLima {
		return nil
	}
	now, was := diskOf(v), diskOf(&old.VM)
	if now.Cmp(was) >= 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, now.String(), "a disk only grows, and it has "+was.String()+" now: `berth reset` makes a new one, without what is on this one")}
}

// diskOf is the size of the disk that is wanted.
func diskOf(v *app.VM) resource.Quantity {
	if v.Disk == nil {
		return *resource.NewQuantity(app.DefaultDisk, resource.BinarySI)
	}
	return *v.Disk
}

func atLeastOneGiB(path *field.Path, q *resource.Quantity) field.ErrorList {
	if q == nil || q.Value() >= gib {
		return nil
	}
	return field.ErrorList{field.Invalid(path, q.String(), "use at least 1Gi")}
}

func validateMounts(path *field.Path, mounts []app.VMMount, home string) field.ErrorList {
	var errs field.ErrorList
	var seen []string
	for i, m := range mounts {
		at := path.Index(i).Child("path")
		clean := filepath.Clean(m.Path)
		switch {
		case !filepath.IsAbs(m.Path):
			errs = append(errs, field.Invalid(at, m.Path, "use an absolute path"))
		case strings.ContainsAny(m.Path, "{}\n"):
			errs = append(errs, field.Invalid(at, m.Path, "a folder with a brace or a line break in its name cannot be shared"))
		case slices.Contains(seen, clean):
			errs = append(errs, field.Duplicate(at, m.Path))
		case m.Writable && holds(clean, home):
			errs = append(errs, field.Invalid(at, m.Path, "all of your home would be open to every container: share it read-only, or a folder in it"))
		}
		seen = append(seen, clean)
	}
	return errs
}

// holds says whether the home is the folder, or lies in it.
func holds(folder, home string) bool {
	if home == "" {
		return folder == filepath.Dir(folder) // the root, whoever's home is where
	}
	in, err := filepath.Rel(folder, filepath.Clean(home))
	return err == nil && in != ".." && !strings.HasPrefix(in, ".."+string(filepath.Separator))
}
