"""What the gateway answers under each path; each module builds one router from what it is given."""
