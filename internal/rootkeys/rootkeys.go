// Package rootkeys reads the AWS credentials of a local store: those of its emulated account's root, which the emulator
// makes when the store starts for the first time (infra/local/emulation/keys.py).
package rootkeys

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// File is the name of the file in the store's data folder.
const File = "root-keys.json"

// Read returns the root credentials of the store that keeps its data in folder.
func Read(folder string) (aws.Credentials, error) {
	path := filepath.Join(folder, File)
	text, err := os.ReadFile(path)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("reading the local store's root keys: %w", err)
	}
	var keys struct {
		ID     string `json:"access_key_id"`
		Secret string `json:"secret_access_key"`
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		return aws.Credentials{}, fmt.Errorf("reading the local store's root keys in %s: %w", path, err)
	}
	if keys.ID == "" || keys.Secret == "" {
		return aws.Credentials{}, fmt.Errorf("%s holds no keys", path)
	}
	return aws.Credentials{AccessKeyID: keys.ID, SecretAccessKey: keys.Secret, Source: path}, nil
}

// Of is the provider that reads the keys of the store in folder at each use.
func Of(folder string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return Read(folder) })
}
