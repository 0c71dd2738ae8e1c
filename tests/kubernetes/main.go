// Applies merge patches through a real Kubernetes API server: k8s.io/apiextensions-apiserver, the part of kube-apiserver
// that serves custom resources, on an etcd of its own.
//
//	go run . CRD.yaml <CASES >ANSWERS
//
// A case is a line {"object": {...}, "patch": {...}}; its answer a line with the object as the server then holds it, or
// {"error": "..."}. Unknown fields are errors (fieldValidation=Strict), not pruned.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/test/integration/fixtures"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

type logger struct{}

func (logger) Helper()                      {}
func (logger) Errorf(f string, args ...any) { fmt.Fprintf(os.Stderr, f+"\n", args...) }
func (logger) Logf(f string, args ...any)   {}
func (l logger) Fatalf(f string, a ...any)  { l.Errorf(f, a...); os.Exit(1) }

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func freeURL() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "a free port")
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

// startEtcd returns how to end it. Its data lies in memory where there is such a directory.
func startEtcd() func() {
	parent := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		parent = "/dev/shm"
	}
	directory, err := os.MkdirTemp(parent, "heapcast-etcd")
	must(err, "a directory for etcd")
	client, peer := freeURL(), freeURL()
	etcd := exec.Command("etcd", "--data-dir", directory, "--listen-client-urls", client, "--advertise-client-urls",
		client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--unsafe-no-fsync")
	must(etcd.Start(), "etcd")
	end := func() {
		etcd.Process.Kill()
		etcd.Wait()
		os.RemoveAll(directory)
	}
	address, _ := url.Parse(client)
	for i := 0; ; i++ {
		connection, err := net.DialTimeout("tcp", address.Host, time.Second)
		if err == nil {
			connection.Close()
			break
		}
		if i == 100 {
			end()
			must(err, "etcd does not listen")
		}
		time.Sleep(100 * time.Millisecond)
	}
	os.Setenv("KUBE_INTEGRATION_ETCD_URL", client)
	return end
}

func readDefinition(path string) *apiextensions.CustomResourceDefinition {
	text, err := os.ReadFile(path)
	must(err, "the definition")
	definition := &apiextensions.CustomResourceDefinition{}
	must(yaml.Unmarshal(text, definition), path)
	return definition
}

func answer(resource dynamic.ResourceInterface, line []byte) (map[string]any, error) {
	var given struct{ Object, Patch map[string]any }
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	ctx := context.Background()
	made, err := resource.Create(ctx, &unstructured.Unstructured{Object: given.Object},
		metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	defer resource.Delete(ctx, made.GetName(), metav1.DeleteOptions{})
	patch, err := json.Marshal(given.Patch)
	if err != nil {
		return nil, err
	}
	patched, err := resource.Patch(ctx, made.GetName(), types.MergePatchType, patch,
		metav1.PatchOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, fmt.Errorf("patch: %w", err)
	}
	return patched.Object, nil
}

func main() {
	end := startEtcd()
	defer end()
	tearDown, extensions, client, err := fixtures.StartDefaultServerWithClients(logger{})
	must(err, "the API server")
	defer tearDown()
	definition := readDefinition(os.Args[1])
	_, err = fixtures.CreateNewV1CustomResourceDefinition(definition, extensions, client)
	must(err, "the definition")
	versions := definition.Spec.Versions
	resource := client.Resource(schema.GroupVersionResource{Group: definition.Spec.Group,
		Version: versions[len(versions)-1].Name, Resource: definition.Spec.Names.Plural}).Namespace("default")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		object, err := answer(resource, lines.Bytes())
		if err != nil {
			object = map[string]any{"error": err.Error()}
		}
		must(out.Encode(object), "the answer")
	}
	must(lines.Err(), "the cases")
}
