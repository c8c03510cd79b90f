package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// filters are docker's --filter KEY=VALUE: of the values of one key any may fit, of the keys all must.
type filters struct {
	given  []string
	values map[string][]string
}

func (f *filters) flag(cmd *cobra.Command, keys ...string) {
	cmd.Flags().StringArrayVarP(&f.given, "filter", "f", nil, "show only what fits KEY=VALUE: "+strings.Join(keys, ", "))
	check := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		f.values = map[string][]string{}
		for _, g := range f.given {
			key, value, ok := strings.Cut(g, "=")
			if !ok {
				return &usageError{err: fmt.Errorf("%q is not KEY=VALUE", g), command: cmd.CommandPath()}
			}
			if !slices.Contains(keys, key) {
				return &usageError{err: unknown("filter", key, keys), command: cmd.CommandPath()}
			}
			f.values[key] = append(f.values[key], value)
		}
		if check != nil {
			return check(cmd, args)
		}
		return nil
	}
}

// fits says whether one of the values given for key does, or none was given.
func (f *filters) fits(key string, fit func(value string) bool) bool {
	given, ok := f.values[key]
	return !ok || slices.ContainsFunc(given, fit)
}

func (f *filters) text(key, of string) bool {
	return f.fits(key, func(v string) bool { return strings.Contains(of, v) })
}

func (f *filters) label(labels map[string]string) bool {
	for _, v := range f.values["label"] {
		name, want, exact := strings.Cut(v, "=")
		got, ok := labels[name]
		if !ok || (exact && got != want) {
			return false
		}
	}
	return true
}

func (f *filters) container(s *containersv1.ContainerStatus) bool {
	return f.text("name", s.Name) && f.label(s.Labels) &&
		f.fits("id", func(v string) bool { return strings.HasPrefix(s.ID, v) }) &&
		f.fits("status", func(v string) bool { return string(s.Status) == v }) &&
		f.fits("health", func(v string) bool {
			return string(s.Health) == v || (v == "none" && s.Health == containersv1.HealthNone)
		}) &&
		f.fits("exited", func(v string) bool { return s.Status == containersv1.StateExited && fmt.Sprint(s.ExitCode) == v }) &&
		f.fits("ancestor", func(v string) bool {
			return s.Image == v || s.Image == v+":latest" || strings.TrimSuffix(s.Image, ":latest") == v || strings.HasPrefix(strings.TrimPrefix(s.ImageID, "sha256:"), v)
		}) &&
		f.fits("network", func(v string) bool {
			return slices.ContainsFunc(s.Networks, func(n containersv1.NetworkAttachment) bool { return n.Name == v || n.NetworkID == v })
		}) &&
		f.fits("volume", func(v string) bool {
			return slices.ContainsFunc(s.Mounts, func(m containersv1.Mount) bool { return m.Name == v || m.Destination == v })
		})
}
