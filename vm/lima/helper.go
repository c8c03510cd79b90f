package lima

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/berth-desktop/berth/vm"
)

// answer is the last line of a helper's run. vm/lima/lima1 writes it.
type answer struct {
	Done         bool     `json:"done"`
	Error        string   `json:"error"`
	Status       string   `json:"status"`
	Errors       []string `json:"errors"`
	Dir          string   `json:"dir"`
	SSHLocalPort int      `json:"sshLocalPort"`
	GuestAgent   string   `json:"guestAgent"`
	GUI          bool     `json:"gui"`
}

// helper runs the program that links Lima.
type helper struct {
	program string
	environ []string
	home    string
}

// ask runs one verb. said, which may be nil, gets what Lima says meanwhile.
func (h helper) ask(ctx context.Context, stdin []byte, said func(string), args ...string) (answer, error) {
	cmd := exec.CommandContext(ctx, h.program, args...)
	cmd.Env = h.env()
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second // what it started may hold its pipes
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return answer{}, err
	}
	if err := cmd.Start(); err != nil {
		return answer{}, noHelper(err)
	}
	a, readErr := readAnswer(out, said)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case a.Done && a.Error != "":
		return a, errors.New(a.Error)
	case !a.Done:
		return a, fmt.Errorf("%s %s gave no answer: %w: %s", HelperName, args[0], errors.Join(err, readErr), bytes.TrimSpace(stderr.Bytes()))
	}
	return a, err
}

// readAnswer reads lines until the answer comes. What is no JSON is skipped: libraries print what they like.
func readAnswer(r io.Reader, said func(string)) (answer, error) {
	lines := bufio.NewReader(io.LimitReader(r, 16<<20))
	for {
		line, err := lines.ReadBytes('\n')
		var told struct {
			answer
			Msg string `json:"msg"`
		}
		if json.Unmarshal(line, &told) == nil {
			if told.Done {
				_, _ = io.Copy(io.Discard, r) // let it end
				return told.answer, nil
			}
			if told.Msg != "" && said != nil {
				said(told.Msg)
			}
		}
		if errors.Is(err, io.EOF) {
			return answer{}, nil
		}
		if err != nil {
			return answer{}, err
		}
	}
}

func (h helper) env() []string {
	environ := h.environ
	if environ == nil {
		environ = os.Environ()
	}
	kept := make([]string, 0, len(environ)+1)
	for _, e := range environ {
		if h.home == "" || !strings.HasPrefix(e, "LIMA_HOME=") {
			kept = append(kept, e)
		}
	}
	if h.home != "" {
		kept = append(kept, "LIMA_HOME="+h.home)
	}
	return kept
}

func noHelper(err error) error {
	return &vm.Failure{
		Message: "Berth's machine cannot be run: the program " + HelperName + " is missing or broken",
		Hint:    "Install Berth again: " + HelperName + " belongs beside berth.", Err: err,
	}
}

// Validate says what Lima would refuse of a template. It runs the helper that FindHelper finds.
func Validate(ctx context.Context, yaml []byte) error {
	program, err := FindHelper("")
	if err != nil {
		return noHelper(err)
	}
	return ValidateWith(ctx, program, yaml)
}

// ValidateWith is Validate with a helper of the caller's choice.
func ValidateWith(ctx context.Context, program string, yaml []byte) error {
	_, err := helper{program: program}.ask(ctx, yaml, nil, "validate")
	return err
}
