// Command cri-pull asks a container runtime for an image as the kubelet does: one PullImage call of the CRI, with the
// credential that a docker config, as it stands in a pull secret, has for the image's registry.
//
//	cri-pull SOCKET IMAGE [DOCKER-CONFIG]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// pullDeadline bounds the whole call: a pull of the tests' small images takes well under a second.
const pullDeadline = time.Minute

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: cri-pull SOCKET IMAGE [DOCKER-CONFIG]")
		os.Exit(2)
	}
	var auth *cri.AuthConfig
	if len(os.Args) == 4 {
		found, err := credential(os.Args[3], os.Args[2])
		if err != nil {
			fail(err)
		}
		auth = found
	}
	pulled, err := pull(os.Args[1], os.Args[2], auth)
	if err != nil {
		fail(err)
	}
	fmt.Println(pulled)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "cri-pull: %v\n", err)
	os.Exit(1)
}

// credential reads what a docker config has for the image's registry. The kubelet, too, takes user and password from
// the entry and hands them on apart.
func credential(path, image string) (*cri.AuthConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config struct {
		Auths map[string]struct {
			Username string `json:"username"`
			Password string `json:"password"`
			Auth     []byte `json:"auth"`
		} `json:"auths"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("%s is no docker config: %w", path, err)
	}
	registry, _, _ := strings.Cut(image, "/")
	for server, entry := range config.Auths {
		host := strings.TrimPrefix(strings.TrimPrefix(server, "https://"), "http://")
		if host, _, _ = strings.Cut(host, "/"); host != registry {
			continue
		}
		user, password, found := strings.Cut(string(entry.Auth), ":")
		if !found {
			user, password = entry.Username, entry.Password
		}
		return &cri.AuthConfig{Username: user, Password: password}, nil
	}
	return nil, fmt.Errorf("%s has no credential for %s", path, registry)
}

func pull(socket, image string, auth *cri.AuthConfig) (string, error) {
	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), pullDeadline)
	defer cancel()
	answer, err := cri.NewImageServiceClient(connection).PullImage(ctx, &cri.PullImageRequest{
		Image: &cri.ImageSpec{Image: image},
		Auth:  auth,
	})
	if err != nil {
		return "", err
	}
	return answer.ImageRef, nil
}
