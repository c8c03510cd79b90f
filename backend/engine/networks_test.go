package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const networkJSON = `{"Id":"n1","Name":"shop_default","Created":"2023-11-14T22:13:20.5Z","Scope":"local","Driver":"bridge","EnableIPv6":true,
 "IPAM":{"Driver":"default","Options":{},"Config":[{"Subnet":"fd00::/64","Gateway":"fd00::1"},{"Subnet":"172.20.0.0/16","IPRange":"172.20.5.0/24","Gateway":"172.20.0.1"},{},
  {"Subnet":"172.20.0.0/16"}]},
 "Internal":true,"Attachable":true,"Ingress":false,
 "Containers":{"b":{"Name":"two","IPv4Address":"172.20.0.3/16"},"a":{"Name":"/one","MacAddress":"02:42","IPv4Address":"172.20.0.2/16","IPv6Address":"fd00::2/64"},
  "ep-1":{"Name":"x"},"lb-n1":{"Name":"endpoint"},"":{}},
 "Options":{},"Labels":{"com.docker.compose.project":"shop"}}`

func TestNetworkIsTold(t *testing.T) {
	want := containers.NetworkStatus{
		ID: "n1", Name: "shop_default", Namespace: "moby", Driver: "bridge", Scope: "local", EnableIPv6: true, Internal: true, Attachable: true,
		Labels: map[string]string{"com.docker.compose.project": "shop"}, ComposeProject: "shop", CreatedAt: unixTime(1700000000), IPAMDriver: "default",
		Subnets: []containers.Subnet{
			{Subnet: "172.20.0.0/16", IPRange: "172.20.5.0/24", Gateway: "172.20.0.1"}, {Subnet: "fd00::/64", Gateway: "fd00::1"},
		},
		Members: []containers.NetworkMember{
			{ID: "a", Name: "one", MacAddress: "02:42", IPv4Address: "172.20.0.2/16", IPv6Address: "fd00::2/64"},
			{ID: "b", Name: "two", IPv4Address: "172.20.0.3/16"},
		},
	}
	one, err := decodeNetwork(strings.NewReader(networkJSON))
	if err != nil || one.Partial {
		t.Fatalf("%+v, %v", one, err)
	}
	if diff := cmp.Diff(want, one.NetworkStatus); diff != "" {
		t.Error(diff)
	}
	want.Members = nil
	all, err := decodeNetworks(strings.NewReader("[" + networkJSON + `,{"Id":7},null,{"Id":"h","Name":"host","Driver":"host","Containers":null,"IPAM":{"Config":null}}]`))
	if err != nil || len(all) != 4 || !all[0].Partial || all[1].Err == nil || all[2].Err == nil || !all[3].BuiltIn {
		t.Fatalf("%+v, %v", all, err)
	}
	if diff := cmp.Diff(want, all[0].NetworkStatus); diff != "" {
		t.Errorf("from a list, which does not know the members: %s", diff)
	}
}
