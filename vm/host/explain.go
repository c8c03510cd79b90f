package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"syscall"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
)

// explain says what is wrong with an engine that did not answer, and what to do.
func explain(t Target, err error) *vm.Failure {
	message, hint := words(t, err)
	return &vm.Failure{
		Reason:  reason(err),
		Message: fmt.Sprintf("%s: %s (from %s)", message, t.Endpoint, t.Origin),
		Hint:    hint + ". Or use another engine: berth set containerEngine.host=…, or berth set containerEngine.provider=native",
		Err:     err,
	}
}

// reason tells apart what no further attempt can mend.
func reason(err error) vm.Reason {
	said, _ := errors.AsType[*sshError](err)
	switch {
	case errors.Is(err, docker.ErrTooOld):
		return vm.VersionMismatch
	case errors.Is(err, fs.ErrPermission), said != nil && strings.Contains(said.words, "permission denied"):
		return vm.PermissionDenied
	}
	return ""
}

func words(t Target, err error) (message, hint string) {
	if said, ok := errors.AsType[*sshError](err); ok {
		return sshWords(t, said.words)
	}
	switch {
	case errors.Is(err, docker.ErrWantsTLS):
		return "This Docker wants certificates", "Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH where Berth starts, or use a Docker context that has them"
	case errors.Is(err, docker.ErrTooOld):
		return "This Docker is too old for Berth (" + err.Error() + ")", "Bring it to Docker 20.10 or newer"
	case errors.Is(err, docker.ErrNotDocker):
		return "What answers there is not Docker", "Check the address"
	case errors.Is(err, exec.ErrNotFound):
		return "The program ssh is not installed", "sudo apt install openssh-client"
	case errors.Is(err, fs.ErrNotExist):
		return "Docker is not there: its socket does not exist", "Start Docker (sudo systemctl start docker), or install it (sudo apt install docker.io)"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Docker is not running: nobody listens", "Start Docker (sudo systemctl start docker)"
	case errors.Is(err, fs.ErrPermission):
		return deniedWords(t.Endpoint)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("Docker did not answer within %s", patience), "It may hang (sudo systemctl restart docker), or the address may be wrong"
	case isUnknownHost(err):
		return "There is no machine of that name", "Check the address"
	}
	if message, hint, ok := certificateWords(err); ok {
		return message, hint
	}
	return "Docker cannot be reached", "Check that it runs and that the address is right"
}

// deniedWords speaks of a socket that is there and that this user may not use: whose it is, and how to become one who may.
func deniedWords(endpoint string) (message, hint string) {
	group := "docker"
	message = "You may not use this Docker"
	if owner, its, ok := ownerOf(strings.TrimPrefix(endpoint, "unix://")); ok {
		message += fmt.Sprintf(": its socket belongs to the user %s and the group %s", owner, its)
		if its != "root" {
			group = its
		}
	}
	return message, fmt.Sprintf("Join its group: sudo usermod -aG %s \"$USER\", then log in again", group)
}

// certificateWords speaks of a connection that was made and not trusted, by one side or the other.
func certificateWords(err error) (message, hint string, ok bool) {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, named := errors.AsType[x509.HostnameError](err)
	invalid, expired := errors.AsType[x509.CertificateInvalidError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	_, refused := errors.AsType[tls.AlertError](err)
	switch {
	case unknown:
		return "The certificate of this Docker is signed by nobody whom you trust", "Put the certificate of its authority into ca.pem beside your own", true
	case named:
		return "The certificate of this Docker is for another name", "Use the name that it was made for, or have one made for this name", true
	case expired && invalid.Reason == x509.Expired:
		return "The certificate of this Docker has expired, or a clock is wrong", "Have a new one made; check the date on both machines", true
	case notTLS:
		return "This Docker uses no certificates", "Leave DOCKER_TLS_VERIFY and DOCKER_TLS empty where Berth starts, or use a Docker context without them", true
	case refused, strings.Contains(err.Error(), "remote error: tls:"):
		return "This Docker does not accept your certificate", "Check that cert.pem and key.pem are those that its owner gave you", true
	}
	return "", "", false
}

// sshWords speaks of an ssh that ended: what it said last says why.
func sshWords(t Target, said string) (message, hint string) {
	login := "ssh " + strings.TrimPrefix(t.Endpoint, "ssh://")
	if s, err := parseSSH(t.Endpoint); err == nil {
		login = s.command()
	}
	has := func(any ...string) bool {
		for _, s := range any {
			if strings.Contains(said, s) {
				return true
			}
		}
		return false
	}
	switch {
	case has("Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"):
		return "ssh does not know that machine, or it has changed", "Log in once and look at what ssh asks: " + login
	case has("docker: not found", "docker: command not found", "docker: No such file"):
		return "There is no docker command on that machine", "Install it there: sudo apt install docker.io"
	case has("Permission denied (", "Too many authentication failures"):
		return "ssh may not log in without a question", "Give it a key (ssh-copy-id), or unlock yours (ssh-add), until this asks nothing: " + login
	case has("permission denied"):
		return "The user there may not use Docker", "Let it join Docker's group on that machine: sudo usermod -aG docker USER"
	case has("Could not resolve hostname"):
		return "There is no machine of that name", "Check the address"
	case has("Connection refused", "No route to host", "Connection timed out", "Network is unreachable"):
		return "That machine does not answer ssh", "Check that it runs, and that this works: " + login
	case has("Cannot connect to the Docker daemon", "failed to open the raw stream", "Is the docker daemon running"):
		return "Docker is not running on that machine", "Start it there: sudo systemctl start docker"
	}
	return "ssh ended: " + said, "See whether this works: " + login
}

// command is what a person would type to log in.
func (s sshTarget) command() string {
	c := "ssh "
	if s.port != "" {
		c += "-p " + s.port + " "
	}
	if s.user != "" {
		c += s.user + "@"
	}
	return c + s.host
}

func isUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
