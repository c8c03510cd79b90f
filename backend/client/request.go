package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Networks are those mirrored into namespace.
func (c *Client) Networks(namespace string) *Resource[containersv1.Network, *containersv1.Network] {
	return &Resource[containersv1.Network, *containersv1.Network]{c, collection(containersv1.GroupName, namespace, "networks")}
}

// ContainerNamespaces are what namespace mirrors.
func (c *Client) ContainerNamespaces(namespace string) *Resource[containersv1.ContainerNamespace, *containersv1.ContainerNamespace] {
	return &Resource[containersv1.ContainerNamespace, *containersv1.ContainerNamespace]{c, collection(containersv1.GroupName, namespace, "containernamespaces")}
}

// ContainerCreates are requests for containers in namespace.
func (c *Client) ContainerCreates(namespace string) *Resource[containersv1.ContainerCreate, *containersv1.ContainerCreate] {
	return &Resource[containersv1.ContainerCreate, *containersv1.ContainerCreate]{c, collection(containersv1.GroupName, namespace, "containercreates")}
}

// ImagePulls are requests for images in namespace.
func (c *Client) ImagePulls(namespace string) *Resource[containersv1.ImagePull, *containersv1.ImagePull] {
	return &Resource[containersv1.ImagePull, *containersv1.ImagePull]{c, collection(containersv1.GroupName, namespace, "imagepulls")}
}

// ImagePushes are requests that images in namespace go to their registries.
func (c *Client) ImagePushes(namespace string) *Resource[containersv1.ImagePush, *containersv1.ImagePush] {
	return &Resource[containersv1.ImagePush, *containersv1.ImagePush]{c, collection(containersv1.GroupName, namespace, "imagepushes")}
}

// ImageTags are requests for further names of images in namespace.
func (c *Client) ImageTags(namespace string) *Resource[containersv1.ImageTag, *containersv1.ImageTag] {
	return &Resource[containersv1.ImageTag, *containersv1.ImageTag]{c, collection(containersv1.GroupName, namespace, "imagetags")}
}

// VolumeCreates are requests for volumes in namespace.
func (c *Client) VolumeCreates(namespace string) *Resource[containersv1.VolumeCreate, *containersv1.VolumeCreate] {
	return &Resource[containersv1.VolumeCreate, *containersv1.VolumeCreate]{c, collection(containersv1.GroupName, namespace, "volumecreates")}
}

// NetworkCreates are requests for networks in namespace.
func (c *Client) NetworkCreates(namespace string) *Resource[containersv1.NetworkCreate, *containersv1.NetworkCreate] {
	return &Resource[containersv1.NetworkCreate, *containersv1.NetworkCreate]{c, collection(containersv1.GroupName, namespace, "networkcreates")}
}

// Create makes an object and returns it as it then is, with its name.
func (r *Resource[T, P]) Create(ctx context.Context, obj P) (P, error) {
	body, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("encode what is to be made: %w", err)
	}
	made := P(new(T))
	return made, r.client.call(ctx, http.MethodPost, r.path, "application/json", body, made)
}
