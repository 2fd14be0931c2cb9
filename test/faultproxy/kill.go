package faultproxy

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// program is what every function's program is called: no other process is ever killed.
const program = "bootstrap"

var errNobody = errors.New("no function's process has this connection")

// kill ends, with SIGKILL, the function's process that calls from the address, and returns its id. It needs Linux's
// /proc.
func kill(caller, proxy string) (int, error) {
	from, err := netip.ParseAddrPort(caller)
	if err != nil {
		return 0, fmt.Errorf("reading the caller's address: %w", err)
	}
	to, err := netip.ParseAddrPort(proxy)
	if err != nil {
		return 0, fmt.Errorf("reading the proxy's address: %w", err)
	}
	inode, err := socket(from.Port(), to.Port())
	if err != nil {
		return 0, err
	}
	pid, err := owner(inode)
	if err != nil {
		return 0, err
	}
	return pid, syscall.Kill(pid, syscall.SIGKILL)
}

// socket finds the connection from one local port to another in /proc/net/tcp, whose columns are described in
// Documentation/networking/proc_net_tcp.rst of Linux: the local and the remote address are the second and the third, in
// hexadecimal, the inode is the tenth.
func socket(from, to uint16) (string, error) {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return "", err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) > 9 && port(columns[1]) == int(from) && port(columns[2]) == int(to) {
			return columns[9], nil
		}
	}
	return "", errNobody
}

func port(address string) int {
	_, hex, _ := strings.Cut(address, ":")
	n, err := strconv.ParseUint(hex, 16, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// owner finds the function's process that holds a socket.
func owner(inode string) (int, error) {
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return 0, err
	}
	for _, exe := range programs {
		folder := filepath.Dir(exe)
		if target, err := os.Readlink(exe); err == nil && strings.TrimSuffix(filepath.Base(target),
			" (deleted)") == program && holds(folder, inode) {
			return strconv.Atoi(filepath.Base(folder))
		}
	}
	return 0, errNobody
}

func holds(process, inode string) bool {
	files, _ := filepath.Glob(process + "/fd/*")
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && target == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}
