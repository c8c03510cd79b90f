package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// Resource reads and wishes for the objects of one kind, in one namespace. Its errors are the API's own:
// apierrors.IsNotFound and its siblings tell them apart.
type Resource[T any, P store.Object[T]] struct {
	client *Client
	path   string
}

// Apps are the one App.
func (c *Client) Apps() *Resource[appv1.App, *appv1.App] {
	return &Resource[appv1.App, *appv1.App]{c, collection(appv1.GroupName, "", "apps")}
}

// Containers are those mirrored into namespace.
func (c *Client) Containers(namespace string) *Resource[containersv1.Container, *containersv1.Container] {
	return &Resource[containersv1.Container, *containersv1.Container]{c, collection(containersv1.GroupName, namespace, "containers")}
}

// Images are those mirrored into namespace.
func (c *Client) Images(namespace string) *Resource[containersv1.Image, *containersv1.Image] {
	return &Resource[containersv1.Image, *containersv1.Image]{c, collection(containersv1.GroupName, namespace, "images")}
}

// Volumes are those mirrored into namespace.
func (c *Client) Volumes(namespace string) *Resource[containersv1.Volume, *containersv1.Volume] {
	return &Resource[containersv1.Volume, *containersv1.Volume]{c, collection(containersv1.GroupName, namespace, "volumes")}
}

func collection(group, namespace, plural string) string {
	if namespace == "" {
		return "/apis/" + group + "/v1alpha1/" + plural
	}
	return "/apis/" + group + "/v1alpha1/namespaces/" + url.PathEscape(namespace) + "/" + plural
}

// Get returns one object.
func (r *Resource[T, P]) Get(ctx context.Context, name string) (P, error) {
	obj := P(new(T))
	return obj, r.client.call(ctx, http.MethodGet, r.object(name), "", nil, obj)
}

// List returns all objects.
func (r *Resource[T, P]) List(ctx context.Context) ([]T, error) {
	var list struct {
		Items []T `json:"items"`
	}
	err := r.client.call(ctx, http.MethodGet, r.path, "", nil, &list)
	return list.Items, err
}

// Patch merges change, which becomes JSON, into an object and returns that as it then is, with its new generation.
func (r *Resource[T, P]) Patch(ctx context.Context, name string, change any) (P, error) {
	return r.patch(ctx, r.object(name), change)
}

// TryPatch does the same, but for storing the outcome.
func (r *Resource[T, P]) TryPatch(ctx context.Context, name string, change any) (P, error) {
	return r.patch(ctx, r.object(name)+"?dryRun=All", change)
}

func (r *Resource[T, P]) patch(ctx context.Context, path string, change any) (P, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("encode the change: %w", err)
	}
	obj := P(new(T))
	return obj, r.client.call(ctx, http.MethodPatch, path, "application/merge-patch+json", body, obj)
}

// Delete asks for deletion. The object is gone once what it stands for is.
func (r *Resource[T, P]) Delete(ctx context.Context, name string) error {
	var answer json.RawMessage
	return r.client.call(ctx, http.MethodDelete, r.object(name), "", nil, &answer)
}

func (r *Resource[T, P]) object(name string) string { return r.path + "/" + url.PathEscape(name) }

// refusal makes the API error that an answer stands for.
func refusal(status int, answer []byte) error {
	var s metav1.Status
	if err := json.Unmarshal(answer, &s); err == nil && s.Kind == "Status" {
		return &apierrors.StatusError{ErrStatus: s}
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    int32(status), //nolint:gosec // three digits
		Message: fmt.Sprintf("the daemon answered %d %s: %s", status, http.StatusText(status), strings.TrimSpace(string(answer))),
	}}
}
