package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"shop/cmd/shop/internal/apiclient"
	"shop/internal/user"
)

// credentials of an admin of the store.
type adminCredentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

var errNoAdmin = errors.New("say which admin you are with --email or SHOP_ADMIN_EMAIL")

// findAdmin returns the credentials of the admin to act as; email is the flag's.
func findAdmin(s streams, email string, local bool) (adminCredentials, error) {
	email = cmp.Or(email, os.Getenv("SHOP_ADMIN_EMAIL"))
	switch password := os.Getenv("SHOP_ADMIN_PASSWORD"); {
	case email == "" && local:
		return demoAdmin()
	case email == "":
		return adminCredentials{}, errNoAdmin
	case password != "":
		return adminCredentials{email, password}, nil
	}
	password, err := askPassword(s, email)
	return adminCredentials{email, password}, err
}

// demoAdmin returns the admin that a local store comes up with.
func demoAdmin() (adminCredentials, error) {
	path := filepath.Join(localData(), "demo-credentials.json")
	content, err := os.ReadFile(path)
	if err != nil {
		err = fmt.Errorf("the local store's demo admin is in %s ($SHOP_DATA): %w", path, err)
		return adminCredentials{}, fmt.Errorf("%w; %w", errNoAdmin, err)
	}
	var demo struct {
		Admin adminCredentials `json:"admin"`
	}
	if err := json.Unmarshal(content, &demo); err != nil {
		return adminCredentials{}, fmt.Errorf("reading %s: %w", path, err)
	}
	if demo.Admin.Email == "" || demo.Admin.Password == "" {
		return adminCredentials{}, fmt.Errorf("%s holds no admin with email and password", path)
	}
	return demo.Admin, nil
}

func askPassword(s streams, email string) (string, error) {
	if s.in == nil || !term.IsTerminal(int(s.in.Fd())) {
		return "", errors.New("no password: set SHOP_ADMIN_PASSWORD, or run the command on a terminal to be asked")
	}
	fmt.Fprintf(s.err, "password of %s: ", email)
	password, err := term.ReadPassword(int(s.in.Fd()))
	fmt.Fprintln(s.err)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(password), nil
}

// logIn finds the store and logs an admin in.
func logIn(
	ctx context.Context, s streams, t *target, email string, concurrency int,
) (*apiclient.Session, deployment, error) {
	who, err := findAdmin(s, email, t.local)
	if err != nil {
		return nil, deployment{}, err
	}
	d, err := t.find(ctx)
	if err != nil {
		return nil, d, err
	}
	url, err := d.apiURL()
	if err != nil {
		return nil, d, err
	}
	session, err := apiclient.New(url, concurrency).LogIn(ctx, who.Email, who.Password)
	return session, d, err
}

// explain adds to an error what the operator can do about it.
func explain(err error) error {
	if errors.Is(err, user.ErrNoRight) {
		return fmt.Errorf("%w (shop grant gives rights)", err)
	}
	return err
}
