package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// erasure says what goes.
type erasure struct {
	keepData bool // containers, images and volumes stay
	all      bool // logs, folders and autostart go too
	yes      bool
}

func (c *CLI) resetCommand() *cobra.Command {
	var e erasure
	cmd := &cobra.Command{
		Use: "reset", Short: "Make Berth as new: remove its containers, images, volumes and settings", Args: cobra.NoArgs,
		Long: "Make Berth as new: stop its engine, and remove that engine's containers, images, volumes and networks, and Berth's own\n" +
			"settings. Logs stay. An engine that Berth is only attached to (provider host) keeps all that it has.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.erase(cmd.Context(), e) },
	}
	cmd.Flags().BoolVar(&e.keepData, "keep-data", false, "keep containers, images and volumes; remove settings only")
	cmd.Flags().BoolVarP(&e.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *CLI) deleteCommand() *cobra.Command {
	e := erasure{all: true}
	cmd := &cobra.Command{
		Use: "delete", Short: "Remove all that Berth has on this machine but its programs", Args: cobra.NoArgs,
		Long: "Remove all that this instance of Berth has on this machine but its programs: what `berth reset` removes, and the logs,\n" +
			"the folders and the start at login. An engine that Berth is only attached to (provider host) keeps all that it has.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.erase(cmd.Context(), e) },
	}
	cmd.Flags().BoolVarP(&e.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *CLI) erase(ctx context.Context, e erasure) error {
	p, err := c.paths()
	if err != nil {
		return err
	}
	c.nameWhatGoes(ctx, p, e)
	if !e.yes {
		if err := c.confirm(ctx, "There is no way back. Remove it?"); err != nil {
			return err
		}
	}
	if e.all {
		if err := endFaces(ctx, p); err != nil {
			return err
		}
	}
	if err := client.Quit(ctx, p); err != nil {
		return deafDaemon(err)
	}
	release, err := client.Hold(ctx, p) // nobody starts a daemon while its folders go
	if err != nil {
		return err
	}
	err = c.eraseHeld(ctx, p, e)
	if err = errors.Join(err, release()); err != nil {
		return err
	}
	if e.all {
		return c.eraseRest(ctx, p)
	}
	c.say("Berth is as new.")
	return nil
}

// deafDaemon says what to do about a daemon that does not end when it is told to.
func deafDaemon(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &plainError{message: "The daemon does not end, so nothing was removed.", next: "`berth doctor` says how to end it."}
	}
	return err
}

// eraseHeld removes what no daemon may use meanwhile. The caller holds the instance's lock.
func (c *CLI) eraseHeld(ctx context.Context, p paths.Paths, e erasure) error {
	place, err := c.dockerContext()
	if err == nil {
		err = place.Withdraw()
	}
	if err != nil {
		c.say("The docker context may be left: %v", err)
	}
	if !e.keepData {
		log := slog.New(slog.DiscardHandler)
		if err := c.cfg.Erase(ctx, p, log); err != nil {
			return err
		}
	}
	return removeAll(append(stateFiles(p), p.APISocket(), filepath.Join(p.Runtime, "open.html"))...)
}

// stateFiles are what Berth remembers. Only what is known to be Berth's is removed: a user may have chosen a folder
// that holds other things.
func stateFiles(p paths.Paths) []string {
	files := []string{p.Objects(), p.Kubeconfig(), p.StartupTimes(), p.StateMark()}
	for _, pattern := range []string{"docker-context.*", "activity*.jsonl*", ".activity*", ".startup-times.json-*", ".kubeconfig-*", ".berth-*", "startup-times.json.bad", "version.json.new"} {
		found, _ := filepath.Glob(filepath.Join(p.State, pattern)) // the pattern is well formed
		files = append(files, found...)
	}
	return files
}

// eraseRest removes what is left of an instance that is gone.
func (c *CLI) eraseRest(ctx context.Context, p paths.Paths) error {
	err := errors.Join(c.removeAutostart(ctx, p), removeAll(p.Logs(), p.Lock(), p.RuntimeMark()))
	if err != nil {
		return err
	}
	for _, dir := range []string{p.Runtime, p.State, p.Data} { // the first may lie in the second
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.say("%s stays: it holds %s, which this Berth did not make.", dir, strings.Join(entries(dir), ", "))
		}
	}
	c.say("Nothing of this Berth is left but its programs.")
	return nil
}

func entries(dir string) []string {
	var names []string
	all, _ := os.ReadDir(dir) // what cannot be read is not named
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func removeAll(files ...string) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, os.RemoveAll(f))
	}
	return errors.Join(errs...)
}

// counting is how long is waited for the daemon to tell what there is.
const counting = 3 * time.Second

// nameWhatGoes says what will be removed, and what not.
func (c *CLI) nameWhatGoes(ctx context.Context, p paths.Paths, e erasure) {
	ctx, cancel := context.WithTimeout(ctx, counting)
	defer cancel()
	app, holds := c.holdings(ctx, p)
	c.say("This goes:")
	if !e.keepData {
		for _, h := range houses(app, holds, p) {
			c.say("  %s", h)
		}
	}
	c.say("  Berth's settings, in %s", p.Objects())
	if e.all {
		c.say("  its logs, in %s", p.Logs())
		c.say("  its start at login, if that is on, and its folders")
	}
	if app != nil && app.Spec.ContainerEngine.Provider == appv1.ProviderHost {
		c.say("This stays: all containers, images and volumes of the engine that Berth is attached to; that is not Berth's.")
	}
	if e.keepData {
		c.say("This stays: containers, images and volumes, in %s", strings.Join(append([]string{p.EngineData()}, existing(p.Machines())...), " and "))
	}
}

// houses are the engines of Berth's own whose data goes, with what is known of it. Only the one in use can be asked.
func houses(app *appv1.App, holds string, p paths.Paths) []string {
	const all = "all containers, images, volumes and networks"
	machine := app != nil && app.Spec.ContainerEngine.Provider == appv1.ProviderLima
	engineHolds, machineHolds := cmp.Or(holds, all), all
	if machine {
		engineHolds, machineHolds = all, engineHolds
	}
	var told []string
	if !machine || len(existing(p.EngineData())) > 0 {
		told = append(told, fmt.Sprintf("%s of the engine that Berth runs itself, in %s", engineHolds, p.EngineData()))
	}
	if machine || len(existing(p.Machines())) > 0 {
		told = append(told, fmt.Sprintf("%s of Berth's virtual machine, and the machine, in %s", machineHolds, p.Machines()))
	}
	return told
}

// existing are those of the folders that are there.
func existing(dirs ...string) []string {
	var there []string
	for _, d := range dirs {
		if _, err := os.Stat(d); err == nil {
			there = append(there, d)
		}
	}
	return there
}

// holdings counts what the engine of Berth's own holds, as far as a daemon that runs can tell.
func (c *CLI) holdings(ctx context.Context, p paths.Paths) (*appv1.App, string) {
	d, err := client.Connect(ctx, client.Options{Paths: p})
	if err != nil {
		return nil, ""
	}
	defer d.Close()
	app, err := d.App(ctx)
	if err != nil {
		return nil, ""
	}
	if app.Spec.ContainerEngine.Provider == appv1.ProviderHost {
		return app, ""
	}
	containers, err1 := d.Containers(app.Spec.Namespace).List(ctx)
	images, err2 := d.Images(app.Spec.Namespace).List(ctx)
	volumes, err3 := d.Volumes(app.Spec.Namespace).List(ctx)
	if errors.Join(err1, err2, err3) != nil || !app.Spec.Running {
		return app, ""
	}
	return app, fmt.Sprintf("%s, %s and %s", count(len(containers), "container"), count(len(images), "image"), count(len(volumes), "volume"))
}
