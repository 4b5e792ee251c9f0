# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_instance_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_instance_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_instance_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_instance_using_subcommand
    set -l cmd (__fish_gnt_instance_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -s V -l version -d 'Print version'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "add" -d 'Make a new instance'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "remove" -d 'Stop an instance and delete it with its disks'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "startup" -d 'Start instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "start" -d 'Start instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "shutdown" -d 'Stop instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "stop" -d 'Stop instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "reboot" -d 'Reboot instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "batch-create" -d 'Create several instances at once'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "change-group" -d 'Bring an instance to another node group'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "migrate" -d 'Move a running instance to another node'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "failover" -d 'Stop an instance and start it on another node'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "replace-disks" -d 'Replace copies of a mirrored instance\'s disks'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "info" -d 'Show all that is known of instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "show" -d 'Show all that is known of instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "list" -d 'List instances'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "modify" -d 'Change an instance\'s parameters and disks'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "rename" -d 'Give an instance another name'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "move" -d 'Move an instance whose disks are on one node, copying them'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "activate-disks" -d 'Make an instance\'s disks usable on its primary node'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "deactivate-disks" -d 'Let go of the disks of a stopped instance'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "recreate-disks" -d 'Make a stopped instance\'s disks anew, empty'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "grow-disk" -d 'Make a disk larger'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "list-tags" -d 'List the tags of an instance'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "add-tags" -d 'Add tags to an instance'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "remove-tags" -d 'Remove tags from an instance'
complete -c gnt-instance -n "__fish_gnt_instance_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s t -l disk-template -d 'How its disks are kept: drbd, rbd, sharedfile, plain, diskless, …' -r -f -a "diskless\t'No disks: moves anywhere'
file\t'A file on one node'
sharedfile\t'A file that every node sees'
plain\t'A logical volume on one node'
blockdev\t'A device made beforehand that every node sees'
drbd\t'Mirrored between a primary and a secondary node'
rbd\t'A RADOS block device'
ext\t'A provider outside'
gluster\t'A Gluster volume'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l disk -d 'A disk, such as 0:size=10G; may be repeated' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s s -l os-size -d 'One disk of this size' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s B -l backend-parameters -d 'Backend parameters, such as memory=1G,vcpus=2' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s H -l hypervisor-parameters -d 'Hypervisor, such as kvm:acpi=true; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s o -l os-type -d 'Operating system; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l net -d 'A network interface, such as 0:mac=auto; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s n -l node -d 'Where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s I -l iallocator -d 'Let this allocator choose where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s g -l node-group -d 'Only to nodes of this group' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l tags -d 'Its tags' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l no-nics -d 'No network interface'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l no-start -d 'Do not start it'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l no-wait-for-sync -d 'Do not wait until its disks are in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l ignore-failures -d 'Forget it even if it cannot be stopped or its disks not deleted'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l node -d 'The names are nodes: their instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l primary -d 'The names are nodes: the instances that they are primary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l secondary -d 'The names are nodes: the instances that they are secondary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l instance -d 'The names are instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l tags -d 'The names are tags of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l force-multiple -d 'Do not ask although it is about several instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l ignore-offline -d 'If its node is offline, only note that it should run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l no-remember -d 'Do not note that it should run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand startup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l node -d 'The names are nodes: their instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l primary -d 'The names are nodes: the instances that they are primary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l secondary -d 'The names are nodes: the instances that they are secondary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l instance -d 'The names are instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l tags -d 'The names are tags of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l force-multiple -d 'Do not ask although it is about several instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l ignore-offline -d 'If its node is offline, only note that it should run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l no-remember -d 'Do not note that it should run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l node -d 'The names are nodes: their instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l primary -d 'The names are nodes: the instances that they are primary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l secondary -d 'The names are nodes: the instances that they are secondary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l instance -d 'The names are instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l tags -d 'The names are tags of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l force-multiple -d 'Do not ask although it is about several instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l ignore-offline -d 'If its node is offline, only note that it should not run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l no-remember -d 'Do not note that it should not run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand shutdown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l node -d 'The names are nodes: their instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l primary -d 'The names are nodes: the instances that they are primary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l secondary -d 'The names are nodes: the instances that they are secondary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l instance -d 'The names are instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l tags -d 'The names are tags of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l force-multiple -d 'Do not ask although it is about several instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l ignore-offline -d 'If its node is offline, only note that it should not run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l no-remember -d 'Do not note that it should not run'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s t -l type -d 'soft, hard or full' -r -f -a "soft\t'The guest is asked'
hard\t'The virtual machine is reset'
full\t'It is shut down and started'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l node -d 'The names are nodes: their instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l primary -d 'The names are nodes: the instances that they are primary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l secondary -d 'The names are nodes: the instances that they are secondary of'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l instance -d 'The names are instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l tags -d 'The names are tags of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l force-multiple -d 'Do not ask although it is about several instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l ignore-secondaries -d 'Go on without a secondary that answers'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand reboot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -s I -l iallocator -d 'Let this allocator choose the nodes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand batch-create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l to -d 'Where it may go; all groups that it is not in if none is given' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -s I -l iallocator -d 'Let this allocator choose' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l early-release -d 'Give old copies up before the new ones are in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand change-group" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l migration-mode -d 'live or non-live' -r -f -a "live\t'It runs on while its memory is copied'
non-live\t'It stands still while its memory is copied'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s n -l target-node -d 'Where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s I -l iallocator -d 'Let this allocator choose where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l non-live -d 'Stand still while the memory is copied'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l cleanup -d 'Find out where it is after a migration that broke off'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l allow-failover -d 'Fail over if it cannot migrate'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l ignore-hvversions -d 'Do not mind different versions of the hypervisor'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l no-runtime-changes -d 'Do not change its memory to make it fit'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s n -l target-node -d 'Where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s I -l iallocator -d 'Let this allocator choose where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l ignore-consistency -d 'Start from a copy that is not in sync, also if its node cannot be told to stop it'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand failover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s n -l new-secondary -d 'Move the secondary copy to this node' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s I -l iallocator -d 'Let this allocator choose where the secondary copy goes: . is the default, built-in the built-in one' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l disks -d 'Numbers of the disks, separated by commas; all if none is given' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s p -l on-primary -d 'Make the copy on the primary node anew'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s s -l on-secondary -d 'Make the copy on the secondary node anew'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s a -l auto -d 'Make anew whichever copy is faulty'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l early-release -d 'Give the old copy up before the new one is in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand replace-disks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -s s -l static -d 'Only what is configured, without asking what runs'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -l all -d 'All instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -s s -l static -d 'Only what is configured, without asking what runs'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l watch -d 'Show it again on changes and every SECONDS [2]' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l separator -d 'Put this between fields, and no padding' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s F -l filter -d 'The argument is a filter, even if it could be a name'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l no-headers -d 'No line of titles'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -l separator -d 'Put this between columns, and no padding' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -l no-headers -d 'No line of titles'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-fields" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s B -l backend-parameters -d 'Backend parameters, such as memory=2G; -KEY resets one' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l disk -d 'A disk: add:size=10G, remove, 0:mode=ro, 1:remove; may be repeated' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s H -l hypervisor-parameters -d 'Hypervisor parameters, such as acpi=true; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s O -l os-parameters -d 'Parameters of its operating system; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s o -l os-type -d 'Operating system; kept as data' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l net -d 'Network interfaces' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s t -l disk-template -d 'Another disk template' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l new-primary -d 'Another primary node without moving anything' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s m -l runtime-memory -d 'Memory of the running instance' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l offline -d 'Mark it offline: it is stopped and stays so'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l online -d 'Mark it as not offline'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l no-wait-for-sync -d 'Do not wait until its disks are in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand modify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s n -l node -d 'Where it goes' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l shutdown-timeout -d 'Seconds the guest is given to stop' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l ignore-ipolicy -d 'Do not check the target group\'s policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l wait-for-sync -d 'Wait until its copies are in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand activate-disks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -s f -l force -d 'Also if it is meant to run, as long as it does not'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand deactivate-disks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l disk -d 'A disk that is different from before, such as 0:size=10G; may be repeated' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s n -l node -d 'On other nodes than before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand recreate-disks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l absolute -d 'The size is that of the whole disk'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l no-wait-for-sync -d 'Do not wait until the copies are in sync'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand grow-disk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand list-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand add-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l reason -d 'Why, kept with the job' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l request-id -d 'Join the job that was submitted with this id before' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -l json -d 'Print one JSON document'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand remove-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "add" -d 'Make a new instance'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "remove" -d 'Stop an instance and delete it with its disks'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "startup" -d 'Start instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "shutdown" -d 'Stop instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "reboot" -d 'Reboot instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "batch-create" -d 'Create several instances at once'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "change-group" -d 'Bring an instance to another node group'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "migrate" -d 'Move a running instance to another node'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "failover" -d 'Stop an instance and start it on another node'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "replace-disks" -d 'Replace copies of a mirrored instance\'s disks'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "info" -d 'Show all that is known of instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "list" -d 'List instances'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "modify" -d 'Change an instance\'s parameters and disks'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "rename" -d 'Give an instance another name'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "move" -d 'Move an instance whose disks are on one node, copying them'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "activate-disks" -d 'Make an instance\'s disks usable on its primary node'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "deactivate-disks" -d 'Let go of the disks of a stopped instance'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "recreate-disks" -d 'Make a stopped instance\'s disks anew, empty'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "grow-disk" -d 'Make a disk larger'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "list-tags" -d 'List the tags of an instance'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "add-tags" -d 'Add tags to an instance'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "remove-tags" -d 'Remove tags from an instance'
complete -c gnt-instance -n "__fish_gnt_instance_using_subcommand help; and not __fish_seen_subcommand_from add remove startup shutdown reboot batch-create change-group migrate failover replace-disks info list list-fields modify rename move activate-disks deactivate-disks recreate-disks grow-disk list-tags add-tags remove-tags help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
