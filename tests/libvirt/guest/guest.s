# The guest of the lab: an operating system of one sector. `guest.bin` is this file, assembled:
#
#     as --32 -o guest.o guest.s && objcopy -O binary guest.o guest.bin
#
# It says "UP" on the serial line when it boots, and a dot every 16 ticks of the clock (18.2 a second), so
# whoever reads along sees how often it booted and that it runs. In between it sleeps. It owns some
# memory, and can be told to keep writing to it, which makes a migration long, or endless. It turns
# itself off when the power button is pressed, unless it is told to be deaf.

        .intel_syntax noprefix
        .code16

        .set MEMORY, 0x100000           # where the memory begins that it plays with
        .set PAGE, 4096
        .set BUTTON, 1 << 8             # the power button's bit in both of:
        .set PM_STATUS, 0x600           # ACPI registers of the board `pc`, where its firmware puts them
        .set PM_ENABLE, 0x602
        .set PM_CONTROL, 0x604
        .set SLEEP_S5, 1 << 13          # turns the machine off
        .set COM1, 0x3f8

start:  jmp     boot

# What it is told: `Guest::image` writes here. Sizes are in pages.
        .org    4
fill:   .long   0                       # memory that is not zero, so has to be carried over
window: .long   1                       # memory that it keeps writing to, round and round
burst:  .long   0                       # how much of that in a tick
alarm:  .long   0                       # the tick in which it turns itself off; 0 is never
deaf:   .byte   0                       # whether it ignores the power button

boot:   cli
        mov     ax, 0x7c0               # addresses count from this sector
        mov     ds, ax
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7c00              # below this sector
        mov     ax, 0x2401              # BIOS: addresses have more than 20 bits
        int     0x15

        mov     al, 'U'
        call    say
        mov     al, 'P'
        call    say
        mov     al, '\n'
        call    say

        mov     dx, PM_STATUS           # a press of an earlier life is forgotten
        mov     ax, BUTTON
        out     dx, ax
        mov     dx, PM_ENABLE           # from now on presses are kept
        out     dx, ax

        call    widen                   # one word makes a page one that has to be carried over
        mov     edi, MEMORY
        mov     ecx, fill
        jecxz   filled
1:      mov     fs:[edi], edi
        add     edi, PAGE
        dec     ecx
        jnz     1b
filled:
        xor     ebx, ebx                # ticks since it booted
        xor     esi, esi                # the page of the window that is next
tick:   sti
        hlt                             # only the clock wakes it
        cli
        inc     ebx

        test    bl, 15
        jnz     1f
        mov     al, '.'
        call    say
1:      cmp     ebx, alarm              # never 0: a tick is counted before
        je      off
        cmp     byte ptr deaf, 0
        jne     1f
        mov     dx, PM_STATUS
        in      ax, dx
        test    ax, BUTTON
        jnz     off

1:      mov     ecx, burst
        jecxz   tick
        call    widen                   # the clock's own program may have undone it
write:  mov     edi, esi
        shl     edi, 12
        mov     fs:[edi + MEMORY], ebx
        inc     esi
        cmp     esi, window
        jb      1f
        xor     esi, esi
1:      dec     ecx
        jnz     write
        jmp     tick

off:    mov     dx, PM_CONTROL
        mov     ax, SLEEP_S5
        out     dx, ax
1:      hlt
        jmp     1b

# Says the character in `al`.
say:    mov     dx, COM1
        out     dx, al
        ret

# Lets `fs` reach all memory: a look at protected mode leaves it a limit that real mode does not set.
widen:  lgdt    table
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        mov     dx, 8
        mov     fs, dx
        and     al, 0xfe
        mov     cr0, eax
        xor     dx, dx
        mov     fs, dx
        ret

table:  .word   entries_end - entries - 1
        .long   entries + 0x7c00
entries:
        .quad   0
        .quad   0x00cf92000000ffff      # 4 GiB of data, from 0
entries_end:

        .org    510
        .word   0xaa55                  # what makes a sector one to boot from
