package cli

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/client"
)

func (c *CLI) volumeCreateCommand() *cobra.Command {
	var spec containersv1.VolumeCreateSpec
	var labels, options []string
	cmd := &cobra.Command{
		Use: "create [NAME]", Short: "Make a volume, and print its name", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Name, spec.Labels, spec.Options = strings.Join(args, ""), pairs(labels), pairs(options)
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			made, err := carriedOut(cmd.Context(), m.VolumeCreates(m.namespace),
				&containersv1.VolumeCreate{ObjectMeta: metav1.ObjectMeta{GenerateName: "create-"}, Spec: spec},
				"the request for the volume", "`berth volume ls` shows whether it was made.",
				func(v *containersv1.VolumeCreate) []metav1.Condition { return v.Status.Conditions })
			if err != nil {
				return err
			}
			if _, err := appeared(cmd.Context(), m.Volumes(m.namespace), containersv1.VolumeName(made.Status.VolumeName)); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.cfg.Stdout, made.Status.VolumeName)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&spec.Driver, "driver", "d", "", "what keeps its data: local, or a plugin of the engine")
	f.StringArrayVarP(&options, "opt", "o", nil, "tell the driver NAME=VALUE")
	f.StringArrayVar(&labels, "label", nil, "set the label NAME=VALUE")
	return likeDocker(cmd)
}

func (c *CLI) networkCreateCommand() *cobra.Command {
	var spec containersv1.NetworkCreateSpec
	var labels, options, subnets, gateways, ranges []string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a network, and print its ID", Args: cobra.ExactArgs(1),
		Example: "  berth network create shop --subnet 10.5.0.0/16 --gateway 10.5.0.1",
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Name, spec.Labels, spec.Options = args[0], pairs(labels), pairs(options)
			var err error
			if spec.Subnets, err = readSubnets(subnets, gateways, ranges); err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			made, err := carriedOut(cmd.Context(), m.NetworkCreates(m.namespace),
				&containersv1.NetworkCreate{ObjectMeta: metav1.ObjectMeta{GenerateName: "create-"}, Spec: spec},
				"the request for the network", "`berth network ls` shows whether it was made.",
				func(n *containersv1.NetworkCreate) []metav1.Condition { return n.Status.Conditions })
			if err != nil {
				return err
			}
			for _, w := range made.Status.Warnings {
				c.say("WARNING: %s", w)
			}
			if _, err := appeared(cmd.Context(), m.Networks(m.namespace), made.Status.NetworkID); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.cfg.Stdout, made.Status.NetworkID)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&spec.Driver, "driver", "d", "", "its driver: bridge, macvlan, or a plugin of the engine")
	f.StringArrayVar(&subnets, "subnet", nil, "give its members addresses of this range: 10.5.0.0/16")
	f.StringArrayVar(&gateways, "gateway", nil, "the machine's own address in a --subnet")
	f.StringArrayVar(&ranges, "ip-range", nil, "give out only this part of a --subnet")
	f.BoolVar(&spec.Internal, "internal", false, "let nothing in or out")
	f.BoolVar(&spec.EnableIPv6, "ipv6", false, "give its members IPv6 addresses as well")
	f.StringArrayVarP(&options, "opt", "o", nil, "tell the driver NAME=VALUE")
	f.StringArrayVar(&labels, "label", nil, "set the label NAME=VALUE")
	return likeDocker(cmd)
}

// carriedOut has a request made, shows see what becomes of it, and returns it once it is done with, beside the error that
// says why if it failed. Whoever interrupts it cancels it. what names it, and next says where to look then; it may be empty.
func carriedOut[T any, P store.Object[T]](
	ctx context.Context, requests *client.Resource[T, P], wish P, what, next string, see func(P) []metav1.Condition,
) (P, error) {
	asked, err := requests.Create(ctx, wish)
	if err != nil {
		return nil, err
	}
	for e, err := range requests.Watch(ctx, asked.GetName()) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return nil, err
		}
		if e.Type == watch.Bookmark {
			continue
		}
		if e.Type == watch.Deleted {
			return nil, &plainError{what + " was cancelled by somebody else.", next}
		}
		now := see(e.Object)
		if failed := condition.Get(now, containersv1.ConditionFailed); failed.Status == metav1.ConditionTrue {
			return e.Object, &plainError{failed.Message, ""}
		}
		if condition.IsTrue(now, containersv1.ConditionComplete) {
			return e.Object, nil
		}
	}
	if ctx.Err() == nil {
		return nil, &plainError{"the daemon said no more of " + what + ".", next}
	}
	later, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTimeout)
	defer cancel()
	if err := requests.Delete(later, asked.GetName()); err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	return nil, &plainError{what + " was cancelled.", next}
}

// appeared waits until what was made is mirrored, so that the user's next command knows it.
func appeared[T any, P store.Object[T]](ctx context.Context, things *client.Resource[T, P], name string) (P, error) {
	limited, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	for e, err := range things.Watch(limited, name) {
		if err != nil {
			return nil, err
		}
		if e.Type == watch.Added || e.Type == watch.Modified {
			return e.Object, nil
		}
	}
	return nil, limited.Err()
}

// readSubnets puts each gateway and each range to the subnet that holds it.
func readSubnets(subnets, gateways, ranges []string) ([]containersv1.Subnet, error) {
	out := make([]containersv1.Subnet, 0, len(subnets))
	within := make([]netip.Prefix, 0, len(subnets))
	for _, text := range subnets {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--subnet %s: use a range of addresses, such as 10.5.0.0/16", text)
		}
		out, within = append(out, containersv1.Subnet{Subnet: text}), append(within, p)
	}
	for _, text := range gateways {
		a, _ := netip.ParseAddr(text)
		i := slices.IndexFunc(within, func(p netip.Prefix) bool { return p.Contains(a) })
		if i < 0 {
			return nil, fmt.Errorf("--gateway %s: use an address in a --subnet", text)
		}
		out[i].Gateway = text
	}
	for _, text := range ranges {
		r, _ := netip.ParsePrefix(text)
		i := slices.IndexFunc(within, func(p netip.Prefix) bool { return p.Contains(r.Addr()) })
		if i < 0 {
			return nil, fmt.Errorf("--ip-range %s: use a part of a --subnet", text)
		}
		out[i].IPRange = text
	}
	return out, nil
}

// pairs reads NAME=VALUE; a name alone is one whose value is empty.
func pairs(all []string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	out := make(map[string]string, len(all))
	for _, text := range all {
		name, value, _ := strings.Cut(text, "=")
		out[name] = value
	}
	return out
}
